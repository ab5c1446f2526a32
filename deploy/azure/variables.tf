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
  description = "Where everything runs, the same as in bootstrap."
  type        = string
  default     = "westeurope"

  validation {
    condition     = can(regex("^[a-z]+[a-z0-9]*$", var.location))
    error_message = "A location looks like westeurope."
  }
}

variable "platform" {
  description = "What fruits runs on: `aca` (Container Apps, which cost little while nobody calls) or `aks` (Kubernetes)."
  type        = string
  default     = "aca"

  validation {
    condition     = contains(["aca", "aks"], var.platform)
    error_message = "platform is aca or aks."
  }
}

# What the service is told.

variable "image" {
  description = "The image of the first revision, before anything was deployed; afterwards the pipeline says what runs. Google's own example works in an empty subscription: it answers 200 to every path, on port 8080, and so to the probes."
  type        = string
  default     = "us-docker.pkg.dev/cloudrun/container/hello"

  validation {
    condition     = can(regex("^[a-z0-9.-]+[.][a-z]+/[a-z0-9._/-]+(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?$", var.image))
    error_message = "An image looks like REGISTRY/PATH, with :TAG or @sha256:DIGEST behind it."
  }
}

variable "anonymous_add" {
  description = "Whether anyone may add a single fruit. Everything else that changes the catalogue takes a token."
  type        = bool
  default     = true
}

variable "settings" {
  description = "Further settings of the service, as README.md lists them, such as { LOG_LEVEL = \"debug\" }."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for name in keys(var.settings) : !contains([
        "ALLOWED_HOSTS", "ALLOW_ANONYMOUS_ADD", "API_TOKENS_FILE", "AZURE_CLIENT_ID", "DATABASE_AUTH", "DATABASE_URL",
        "MIGRATE", "PORT", "TRUSTED_PROXY_HOPS",
      ], name)
    ])
    error_message = "What the rest of this folder decides cannot be set here."
  }

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "Settings are written as the variables that they are, such as LOG_LEVEL."
  }
}

# How much, and at most.

variable "replicas_min" {
  description = "Copies of the service that run while nobody calls. None cost nothing, and let the first caller wait for some seconds."
  type        = number
  default     = 0

  validation {
    condition     = var.replicas_min >= 0 && floor(var.replicas_min) == var.replicas_min
    error_message = "There are 0 or more replicas, and no halves."
  }
}

variable "replicas_max" {
  description = "Copies of the service at one time: the ceiling of what load can cost."
  type        = number
  default     = 3

  validation {
    condition     = var.replicas_max >= 1 && var.replicas_max <= 30
    error_message = "There are 1 to 30 replicas."
  }

  validation {
    condition     = var.replicas_max >= var.replicas_min
    error_message = "There are no fewer replicas at most than there are at least."
  }
}

variable "nodes" {
  description = "Machines of the cluster, where there is one."
  type        = number
  default     = 1

  validation {
    condition     = var.nodes >= 1 && var.nodes <= 10 && floor(var.nodes) == var.nodes
    error_message = "A cluster has 1 to 10 machines."
  }
}

variable "cluster_admins" {
  description = "Object ids of the groups of Entra whose members administer the cluster, where there is one."
  type        = list(string)
  default     = []
}

variable "cluster_api_ranges" {
  description = "The addresses from which the cluster's interface can be reached, where there is one. GitHub's runners have none that are known: with 0.0.0.0/0, Entra alone decides."
  type        = list(string)
  default     = ["0.0.0.0/0"]

  validation {
    condition     = alltrue([for range in var.cluster_api_ranges : can(cidrhost(range, 0))])
    error_message = "A range looks like 203.0.113.0/24."
  }
}

# The catalogue.

variable "database_admins" {
  description = "A group of Entra whose members administer the database: its name and object id. No person can without one; on Kubernetes it is a person who prepares the database."
  type        = object({ name = string, object_id = string })
  default     = null

  validation {
    condition     = var.platform != "aks" || var.database_admins != null
    error_message = "On Kubernetes nobody else can prepare the database: name a group that you are in."
  }
}

variable "backup_days" {
  description = "Days that the database can be put back to any moment of."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_days >= 7 && var.backup_days <= 35
    error_message = "Azure keeps backups for 7 to 35 days."
  }
}

# Who hears of trouble.

variable "alert_email" {
  description = "Where alerts are sent. None are made without one."
  type        = string
  default     = null

  validation {
    condition     = var.alert_email == null || can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", var.alert_email))
    error_message = "An address looks like someone@example.com."
  }
}

variable "availability_test" {
  description = "Whether fruits is tried from outside, every quarter of an hour from three places, on Container Apps. About 5 USD a month, and as much again for the replica that it keeps awake."
  type        = bool
  default     = false
}
