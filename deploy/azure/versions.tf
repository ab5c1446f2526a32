# fruits on Azure: Container Apps, or Kubernetes with the chart in deploy/helm. `bootstrap` comes first;
# docs/operations/delivery.md says what to type.

terraform {
  required_version = ">= 1.11.0"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 5.10"
    }
  }

  # terraform init -backend-config=resource_group_name=rg-fruits-foundation -backend-config=storage_account_name=…
  #   -backend-config=container_name=terraform -backend-config=key=fruits -backend-config=use_azuread_auth=true
  backend "azurerm" {}
}

provider "azurerm" {
  features {}

  subscription_id = var.subscription_id
  # Whoever applies may register no interfaces: bootstrap did.
  resource_provider_registrations = "none"
}
