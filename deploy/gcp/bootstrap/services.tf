# The interfaces that an empty project has switched off.

locals {
  services = toset(concat(
    [
      "artifactregistry",
      "cloudresourcemanager",
      "compute",
      "iam",
      "iamcredentials",
      "logging",
      "monitoring",
      "run",
      "secretmanager",
      "storage",
      "sts",
    ],
    var.billing_account == null ? [] : ["billingbudgets"],
  ))
}

resource "google_project_service" "this" {
  for_each = local.services

  service = "${each.key}.googleapis.com"
  # Something else in the project may use it.
  disable_on_destroy = false
}
