# GitHub's own word for who runs takes the place of keys. Each identity is for one place in one repository.

locals {
  issuer  = "https://token.actions.githubusercontent.com"
  subject = "repo:${var.github_repository}"

  # A pull request can only plan. What changes something runs in an environment of its own, from main alone.
  subjects = {
    plan   = "${local.subject}:pull_request"
    apply  = "${local.subject}:environment:press-infrastructure"
    deploy = "${local.subject}:environment:press"
  }
}

resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "github"
  display_name              = "GitHub"

  depends_on = [google_project_service.this]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  #checkov:skip=CKV_GCP_125:wants the repository written out; the condition below compares with the one that is set
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub Actions"

  attribute_mapping = {
    "google.subject" = "assertion.sub"
  }

  # The number holds when a repository of this name is deleted and someone else makes one.
  attribute_condition = join(" && ", [
    "assertion.repository_id == '${var.github_repository_id}'",
    "(assertion.ref == 'refs/heads/main' || assertion.sub == '${local.subjects.plan}')",
  ])

  oidc {
    issuer_uri = local.issuer
  }
}

resource "google_service_account_iam_member" "github" {
  for_each = local.subjects

  service_account_id = google_service_account.this[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/subject/${each.value}"
}
