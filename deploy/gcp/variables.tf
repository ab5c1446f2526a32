variable "project_id" {
  description = "The Google Cloud project; the service knows it as PROJECT_ID."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "A project's id has 6 to 30 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "region" {
  description = "Where everything runs that has a place, the same as in bootstrap. us-central1, us-east1 and us-west1 have the free storage."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like us-central1 or europe-west1."
  }
}

variable "deletion_protection" {
  description = "Refuses to delete the service, and the bucket while there are PDFs in it. Set it to false, and apply, before `terraform destroy`."
  type        = bool
  default     = true
}

# What the service is told. PORT is Cloud Run's to set, from the port that it is given.

variable "image" {
  description = "The image of the first revision, before anything was deployed; afterwards the pipeline says what runs. Google's own example works in an empty project: it answers 200 to every path, on the port that it is given, and so to the probes."
  type        = string
  default     = "us-docker.pkg.dev/cloudrun/container/hello"

  validation {
    condition     = can(regex("^[a-z0-9.-]+[.][a-z]+/[a-z0-9._/-]+(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?$", var.image))
    error_message = "An image looks like REGISTRY/PATH, with :TAG or @sha256:DIGEST behind it."
  }
}

variable "port" {
  description = "The port that the service listens on inside its container; it arrives as PORT."
  type        = number
  default     = 8080

  validation {
    condition     = var.port >= 1 && var.port <= 65535 && floor(var.port) == var.port
    error_message = "A port is a whole number from 1 to 65535."
  }
}

variable "sentry_dsn" {
  description = "Where errors are reported, as Sentry's project page gives it. It is kept in Secret Manager, and in no state."
  type        = string
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = can(regex("^https://[0-9a-z]+@[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9_-]+)*/[0-9]+$", var.sentry_dsn))
    error_message = "A DSN looks like https://KEY@HOST/NUMBER."
  }
}

variable "sentry_dsn_version" {
  description = "To be raised by one when the DSN changes: no state holds the DSN, so nothing else tells. 0 switches error reports off."
  type        = number
  default     = 1

  validation {
    condition     = var.sentry_dsn_version >= 0 && floor(var.sentry_dsn_version) == var.sentry_dsn_version
    error_message = "The version is a whole number, 0 or more."
  }
}

variable "settings" {
  description = "Further settings of the service, as README.md lists them, such as { FETCH_TIMEOUT_MS = \"20000\" }."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for name in keys(var.settings) : !contains([
        "ALLOWED_HOSTS", "CLIENT_REQUESTS_PER_MINUTE_MAX", "CONVERSIONS_BYTES_MAX", "CONVERSIONS_MAX", "FETCHES_MAX",
        "PDF_BUCKET", "PDF_LINKS", "PDF_LINK_SIGNER", "PDF_LINK_TTL", "PORT", "PROJECT_ID", "SENTRY_DSN",
        "TRUSTED_PROXY_HOPS",
      ], name)
    ])
    error_message = "What the rest of this folder decides cannot be set here: it has variables of its own."
  }

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "Settings are written as the variables that they are, such as LOG_LEVEL."
  }
}

# The PDFs.

variable "pdf_bucket" {
  description = "The bucket to make for the PDFs; its name is unique in the whole world. PROJECT-press-pdfs when null."
  type        = string
  default     = null

  validation {
    condition     = var.pdf_bucket == null || can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.pdf_bucket))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits, hyphens and underscores."
  }
}

variable "pdf_days" {
  description = "Days after which a PDF is deleted."
  type        = number
  default     = 7

  validation {
    condition     = var.pdf_days >= 1 && floor(var.pdf_days) == var.pdf_days
    error_message = "PDFs are kept for a whole number of days, 1 or more: links must not outlive them."
  }
}

variable "pdf_link_hours" {
  description = "Hours that a link to a PDF works. Google changes the keys that it signs with, and promises 12."
  type        = number
  default     = 1

  validation {
    condition     = var.pdf_link_hours >= 1 && var.pdf_link_hours <= 12 && floor(var.pdf_link_hours) == var.pdf_link_hours
    error_message = "Links work for 1 to 12 whole hours."
  }
}

# How much, and at most.

variable "instances_max" {
  description = "Instances at one time: the ceiling of what load can cost."
  type        = number
  default     = 3

  validation {
    condition     = var.instances_max >= 1 && var.instances_max <= 100 && floor(var.instances_max) == var.instances_max
    error_message = "There are 1 to 100 instances."
  }
}

variable "memory_mib" {
  description = "MiB of memory that one instance has. The settings follow: what its process, its fetches and its streams do not take is for pixels."
  type        = number
  default     = 512

  validation {
    condition     = var.memory_mib >= 512 && var.memory_mib <= 4096 && floor(var.memory_mib) == var.memory_mib
    error_message = "With one processor, Cloud Run gives 512 to 4096 whole MiB."
  }
}

variable "requests_per_instance" {
  description = "Requests that one instance is given at a time. A conversion needs processor and memory: four run, and others wait."
  type        = number
  default     = 8

  validation {
    condition     = var.requests_per_instance >= 1 && var.requests_per_instance <= 1000
    error_message = "An instance takes 1 to 1000 requests."
  }
}

variable "client_requests_per_minute" {
  description = "Conversions a minute that one client may ask of one instance; more is answered 429. Two a second are more than any page of images asks for."
  type        = number
  default     = 120

  validation {
    condition     = var.client_requests_per_minute >= 1 && var.client_requests_per_minute <= 1000000 && floor(var.client_requests_per_minute) == var.client_requests_per_minute
    error_message = "The limit is a whole number from 1 to 1000000."
  }
}

# The way in.

variable "edge_enabled" {
  description = "Whether there is a load balancer. Without it nothing costs while nobody calls, and nobody can call. With it again, the host has another name."
  type        = bool
  default     = true
}

variable "http_mode" {
  description = "What port 80 does: `serve` answers as port 443 does, `redirect` sends to https with 308."
  type        = string
  default     = "serve"

  validation {
    condition     = contains(["serve", "redirect"], var.http_mode)
    error_message = "http_mode is serve or redirect."
  }
}

variable "cloud_armor" {
  description = "Whether Cloud Armor stands in front: 5 USD a month, 1 more for its rule, and by the request."
  type        = bool
  default     = false
}

variable "armor_requests_per_minute" {
  description = "Requests a minute that Cloud Armor lets one address make."
  type        = number
  default     = 60

  validation {
    condition     = var.armor_requests_per_minute >= 1 && floor(var.armor_requests_per_minute) == var.armor_requests_per_minute
    error_message = "The limit is a whole number, 1 or more."
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
