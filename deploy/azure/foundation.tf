# What bootstrap made: the groups, the identities and the vault.

locals {
  name       = "fruits"
  group      = "rg-${local.name}"
  foundation = "rg-${local.name}-foundation"
  unique     = substr(sha256(var.subscription_id), 0, 8)

  aca = var.platform == "aca"
  aks = var.platform == "aks"

  # Azure takes the file of tokens out of the vault itself, and hands it to the service as a file.
  tokens_secret = "https://kv-${local.name}-${local.unique}.vault.azure.net/secrets/api-tokens"
}

data "azurerm_user_assigned_identity" "serve" {
  name                = "id-${local.name}"
  resource_group_name = local.foundation
}

data "azurerm_user_assigned_identity" "migrate" {
  name                = "id-${local.name}-migrate"
  resource_group_name = local.foundation
}

data "azurerm_user_assigned_identity" "prepare" {
  count = local.aca ? 1 : 0

  name                = "id-${local.name}-prepare"
  resource_group_name = local.foundation
}

data "azurerm_user_assigned_identity" "cluster" {
  count = local.aks ? 1 : 0

  name                = "id-${local.name}-cluster"
  resource_group_name = local.foundation
}
