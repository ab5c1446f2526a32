variable "subscription_id" {
  description = "The Azure subscription: `az account show --query id`."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.subscription_id))
    error_message = "A subscription is a lower-case UUID."
  }
}

variable "tenant_id" {
  description = "The Entra tenant: `az account show --query tenantId`."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.tenant_id))
    error_message = "A tenant is a lower-case UUID."
  }
}

variable "location" {
  description = "Where everything runs, as `az account list-locations` names it."
  type        = string
  default     = "westeurope"

  validation {
    condition     = can(regex("^[a-z]+[a-z0-9]*$", var.location))
    error_message = "A location looks like westeurope."
  }
}

variable "platform" {
  description = "What fruits will run on: `aca` (Container Apps) or `aks` (Kubernetes), as in the stack above."
  type        = string
  default     = "aca"

  validation {
    condition     = contains(["aca", "aks"], var.platform)
    error_message = "platform is aca or aks."
  }
}

variable "github_repository" {
  description = "The repository whose pipelines deploy, as OWNER/NAME."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "A repository looks like owner/name."
  }
}

variable "github_owner_id" {
  description = "The number of its owner, and below the repository's own: `gh api repos/OWNER/NAME --jq '.owner.id, .id'`. Both null for a repository whose subjects have names alone: docs/operations/delivery.md says how to see, and how to switch it over."
  type        = string
  default     = null

  validation {
    condition     = var.github_owner_id == null || can(regex("^[0-9]+$", var.github_owner_id))
    error_message = "The number of an owner has digits alone."
  }
}

variable "github_repository_id" {
  description = "The repository's number, as said above."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository_id == null || can(regex("^[0-9]+$", var.github_repository_id))
    error_message = "The number of a repository has digits alone."
  }
}

variable "deployable" {
  description = "Whether the stack above has been applied. The right to deploy is one on what it makes, the app or the cluster, which have to be there; until then nobody deploys."
  type        = bool
  default     = false
}

variable "token_keeper_object_id" {
  description = "Who writes the file of API tokens into the vault: a user's or group's object id, such as `az ad signed-in-user show --query id`."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.token_keeper_object_id))
    error_message = "An object id is a lower-case UUID."
  }
}

variable "budget_email" {
  description = "Who is told when a month costs too much. No budget without one."
  type        = string
  default     = null

  validation {
    condition     = var.budget_email == null || can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", var.budget_email))
    error_message = "An address looks like someone@example.com."
  }
}

variable "budget_monthly" {
  description = "What a month may cost, in the subscription's currency, before mails are sent. It stops nothing."
  type        = number
  default     = 40

  validation {
    condition     = var.budget_monthly > 0
    error_message = "A budget is more than 0."
  }
}

variable "budget_start" {
  description = "The first day of the month that the budget begins in. The month that it is made in when null: Azure takes none from the past."
  type        = string
  default     = null

  validation {
    condition     = var.budget_start == null || can(regex("^[0-9]{4}-[0-9]{2}-01T00:00:00Z$", var.budget_start))
    error_message = "A budget begins on the first of a month, such as 2026-12-01T00:00:00Z."
  }
}
