variable "project_id" {
  description = "The Google Cloud project. It must exist, with billing switched on, and should hold nothing else."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "A project's id has 6 to 30 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "region" {
  description = "Where everything runs that has a place. us-central1, us-east1 and us-west1 have the free storage."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like us-central1 or europe-west1."
  }
}

variable "github_owner_id" {
  description = "The number of whom the repository belongs to, which a new owner of the same name would not have: `gh api repos/OWNER/NAME --jq .owner.id`."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.github_owner_id))
    error_message = "The number of an owner has digits alone."
  }
}

variable "github_repository_id" {
  description = "The number of the repository whose pipelines deploy: `gh api repos/OWNER/NAME --jq .id`."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.github_repository_id))
    error_message = "The number of a repository has digits alone."
  }
}

variable "deletion_protection" {
  description = "Refuses to delete the bucket of the states while there are states in it."
  type        = bool
  default     = true
}

variable "billing_account" {
  description = "The billing account, as 000000-000000-000000, to warn before the project costs more than `budget_monthly`. No budget without one."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "A billing account looks like 012345-6789AB-CDEF01."
  }
}

variable "budget_monthly" {
  description = "Whole units of `budget_currency` a month, at half of which, and when more than which is forecast, mails are sent. It stops nothing."
  type        = number
  default     = 30

  validation {
    condition     = var.budget_monthly >= 1 && floor(var.budget_monthly) == var.budget_monthly
    error_message = "A budget is a whole number, 1 or more."
  }
}

variable "budget_currency" {
  description = "The billing account's own currency, as ISO 4217 writes it."
  type        = string
  default     = "USD"

  validation {
    condition     = can(regex("^[A-Z]{3}$", var.budget_currency))
    error_message = "A currency has three capital letters, such as USD."
  }
}
