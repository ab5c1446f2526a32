# Two groups: what the pipelines make and change, and what they only use.

locals {
  name = "fruits"
  # Some names are the whole world's.
  unique = substr(sha256(var.subscription_id), 0, 8)
}

resource "azurerm_resource_group" "fruits" {
  name     = "rg-${local.name}"
  location = var.location
}

resource "azurerm_resource_group" "foundation" {
  name     = "rg-${local.name}-foundation"
  location = var.location
}
