# What bootstrap made. The names are put together here instead of asked for, so that a plan needs no right to ask.

locals {
  name = "press"

  accounts = {
    for job in ["run", "signer", "deploy"] : job => "${local.name}-${job}@${var.project_id}.iam.gserviceaccount.com"
  }
  members = { for job, account in local.accounts : job => "serviceAccount:${account}" }
}
