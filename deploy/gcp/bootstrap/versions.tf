# What a person applies once, with their own rights: everything that the pipelines need before they can do anything,
# and everything that they must never be able to change: identities, who may use them, the registry and the budget.

terraform {
  required_version = ">= 1.11.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.7"
    }
  }

  # Begins on the disk of whoever makes it, since it makes the bucket that states are kept in. The walk-through in
  # docs/operations/delivery.md moves it there afterwards.
}

provider "google" {
  project = var.project_id
  region  = var.region

  # Budgets are asked for in the name of a project even though they belong to a billing account.
  user_project_override = true
  billing_project       = var.project_id
}
