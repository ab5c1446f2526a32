# press on Google Cloud. `bootstrap` comes first; docs/operations/delivery.md says what to type.

terraform {
  required_version = ">= 1.11.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.7"
    }
  }

  # terraform init -backend-config=bucket=PROJECT-terraform -backend-config=prefix=press
  backend "gcs" {}
}

provider "google" {
  project = var.project_id
  region  = var.region
}
