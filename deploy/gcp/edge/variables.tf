variable "name" {
  description = "What the resources, and the first part of the host's name, are called."
  type        = string
}

variable "region" {
  description = "Where the service runs."
  type        = string
}

variable "service" {
  description = "The name of the Cloud Run service that answers."
  type        = string
}

variable "http_mode" {
  description = "What port 80 does: `serve` answers as port 443 does, `redirect` sends to https with 308."
  type        = string

  validation {
    condition     = contains(["serve", "redirect"], var.http_mode)
    error_message = "http_mode is serve or redirect."
  }
}

variable "cloud_armor" {
  description = "Whether Cloud Armor stands in front, at a price."
  type        = bool
}

variable "armor_requests_per_minute" {
  description = "Requests a minute that Cloud Armor lets one address make."
  type        = number
}
