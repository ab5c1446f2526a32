# GitHub's own word for who runs takes the place of keys. Each identity is for one place in one repository.
#
# What GitHub calls the subject is not looked at. Since July 2026 it has numbers in it for repositories that are new or
# renamed, and has none for others; the claims below are the same for both, and their numbers are never given again.

locals {
  issuer = "https://token.actions.githubusercontent.com"

  # A pull request can only plan. What changes something runs in an environment of its own, from main alone.
  subjects = {
    plan   = "event:pull_request"
    apply  = "environment:press-infrastructure"
    deploy = "environment:press"
  }
}

resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "github"
  display_name              = "GitHub"

  depends_on = [google_project_service.this]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  #checkov:skip=CKV_GCP_125:wants the subject, with the repository's name in it; the numbers below hold when names change hands
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub Actions"

  # A job without an environment has no such claim, and asking for it would be an error.
  attribute_mapping = {
    "google.subject" = "has(assertion.environment) ? 'environment:' + assertion.environment : 'event:' + assertion.event_name"
  }

  # The numbers hold when a repository or an owner of this name is deleted and someone else makes one.
  attribute_condition = join(" && ", [
    "assertion.repository_id == '${var.github_repository_id}'",
    "assertion.repository_owner_id == '${var.github_owner_id}'",
    "(has(assertion.environment) ? assertion.ref == 'refs/heads/main' : assertion.event_name == 'pull_request')",
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
