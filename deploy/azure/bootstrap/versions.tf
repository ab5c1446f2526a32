# What a person applies once, with their own rights: everything that the pipelines need before they can do anything,
# and everything that they must never be able to change: identities, who may use them, what they may, and the budget.

terraform {
  required_version = ">= 1.11.0"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 5.10"
    }
  }

  # Begins on the disk of whoever makes it, since it makes the container that states are kept in. The walk-through in
  # docs/operations/delivery.md moves it there afterwards.
}

provider "azurerm" {
  features {}

  subscription_id = var.subscription_id
  # Nothing here is opened with a storage key: the account has them switched off.
  storage_use_azuread = true

  # The interfaces that an empty subscription has switched off.
  resource_provider_registrations = "none"
  resource_providers_to_register = [
    "Microsoft.App",
    "Microsoft.ContainerService",
    "Microsoft.DBforPostgreSQL",
    "Microsoft.Insights",
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.Storage",
  ]
}
