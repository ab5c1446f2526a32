# Who may do what. A role that is added anywhere has to be added here, in sight of whoever reviews it.

mock_provider "google" {
  override_during = plan

  mock_resource "google_service_account" {
    defaults = {
      name   = "projects/p/serviceAccounts/some-account"
      member = "serviceAccount:some-account"
    }
  }
  mock_resource "google_iam_workload_identity_pool" {
    defaults = { name = "projects/1/locations/global/workloadIdentityPools/github" }
  }
}

variables {
  project_id           = "example-project"
  github_repository    = "owner/name"
  github_repository_id = "123"
}

run "the_pipelines_have_these_roles_and_no_others" {
  command = plan

  assert {
    condition = toset([for grant in google_project_iam_member.apply : grant.role]) == toset([
      "roles/compute.loadBalancerAdmin",
      "roles/compute.securityAdmin",
      "roles/monitoring.editor",
      "roles/run.admin",
      "roles/storage.admin",
    ])
    error_message = "The identity that applies has other roles than those listed."
  }

  assert {
    condition = alltrue([
      for grant in google_project_iam_member.plan : can(regex("[.](reader|viewer|bucketViewer|securityReviewer)$", grant.role))
    ])
    error_message = "The identity that plans can change something."
  }

  assert {
    condition     = google_storage_bucket_iam_member.plan_reads_states.role == "roles/storage.objectViewer"
    error_message = "The identity that plans can change the state."
  }

  assert {
    condition     = google_project_iam_custom_role.signs_links.permissions == toset(["iam.serviceAccounts.signBlob"])
    error_message = "Who signs links can do more than sign."
  }

  assert {
    condition     = google_secret_manager_secret_iam_member.apply_adds.role == "roles/secretmanager.secretVersionManager"
    error_message = "The identity that applies can read the secret."
  }
}

run "each_identity_is_for_one_place_of_one_repository" {
  command = plan

  assert {
    condition = {
      for name, grant in google_service_account_iam_member.github : name => split("/subject/", grant.member)[1]
      } == {
      plan   = "repo:owner/name:pull_request"
      apply  = "repo:owner/name:environment:press-infrastructure"
      deploy = "repo:owner/name:environment:press"
    }
    error_message = "An identity can be used from elsewhere."
  }

  assert {
    condition     = startswith(google_iam_workload_identity_pool_provider.github.attribute_condition, "assertion.repository_id == '123' && ")
    error_message = "A repository of the same name, made by someone else, would be let in."
  }

  assert {
    condition     = strcontains(google_iam_workload_identity_pool_provider.github.attribute_condition, "assertion.ref == 'refs/heads/main'")
    error_message = "Other branches than main would be let in."
  }
}

run "states_are_private_and_kept" {
  command = plan

  assert {
    condition     = google_storage_bucket.state.public_access_prevention == "enforced" && google_storage_bucket.state.uniform_bucket_level_access
    error_message = "The bucket of the states could be opened to the world."
  }

  assert {
    condition     = google_storage_bucket.state.versioning[0].enabled && !google_storage_bucket.state.force_destroy
    error_message = "A state could be lost."
  }
}

run "a_budget_takes_a_billing_account" {
  command = plan

  variables {
    billing_account = "012345-6789AB-CDEF01"
  }

  assert {
    condition     = length(google_billing_budget.monthly) == 1 && contains(keys(google_project_service.this), "billingbudgets")
    error_message = "There is a billing account, and no budget."
  }
}

run "no_budget_without_one" {
  command = plan

  assert {
    condition     = length(google_billing_budget.monthly) == 0
    error_message = "There is a budget without a billing account."
  }
}

run "nonsense_is_refused" {
  command = plan

  variables {
    project_id           = "Nope"
    region               = "europe"
    github_repository    = "name"
    github_repository_id = "owner/name"
    billing_account      = "123"
    budget_monthly       = 0.5
    budget_currency      = "dollars"
  }

  expect_failures = [
    var.project_id,
    var.region,
    var.github_repository,
    var.github_repository_id,
    var.billing_account,
    var.budget_monthly,
    var.budget_currency,
  ]
}
