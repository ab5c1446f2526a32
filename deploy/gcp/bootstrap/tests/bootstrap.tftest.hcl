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
  github_owner_id      = "45"
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
    condition     = google_project_iam_custom_role.signs_links.permissions == toset(["iam.serviceAccounts.signBlob"])
    error_message = "Who signs links can do more than sign."
  }

  assert {
    condition     = google_project_iam_custom_role.reads_pdfs.permissions == toset(["storage.objects.get"])
    error_message = "Who has links signed could list PDFs, or more."
  }

  # Cloud Run refuses an image to whoever may not read it.
  assert {
    condition = (
      google_artifact_registry_repository_iam_member.apply_deploys_images.role == "roles/artifactregistry.reader" &&
      google_artifact_registry_repository_iam_member.deploy_copies_images.role == "roles/artifactregistry.writer"
    )
    error_message = "Whoever deploys an image cannot read it, or whoever applies can change it."
  }

  assert {
    condition     = google_secret_manager_secret_iam_member.apply_adds.role == "roles/secretmanager.secretVersionManager"
    error_message = "The identity that applies can read the secret."
  }
}

run "the_state_of_bootstrap_is_no_pipelines" {
  command = plan

  assert {
    condition = (
      google_project_iam_member.apply_makes_buckets.condition[0].expression ==
      "resource.name != 'projects/_/buckets/example-project-terraform' && !resource.name.startsWith('projects/_/buckets/example-project-terraform/')"
    )
    error_message = "The identity that applies can change the bucket of the states."
  }

  assert {
    condition = { for job, grant in google_storage_bucket_iam_member.state_of_press : job => grant.role } == {
      plan  = "roles/storage.objectViewer"
      apply = "roles/storage.objectAdmin"
    }
    error_message = "The identity that plans can change the state, or the one that applies cannot."
  }

  assert {
    condition = alltrue([
      for grant in google_storage_bucket_iam_member.state_of_press : grant.condition[0].expression ==
      "resource.name == 'projects/_/buckets/example-project-terraform' || resource.name.startsWith('projects/_/buckets/example-project-terraform/objects/press/')"
    ])
    error_message = "A pipeline reaches another state than that of press."
  }
}

run "each_identity_is_for_one_place_of_one_repository" {
  command = plan

  assert {
    condition = {
      for name, grant in google_service_account_iam_member.github : name => split("/subject/", grant.member)[1]
      } == {
      plan   = "event:pull_request"
      apply  = "environment:press-infrastructure"
      deploy = "environment:press"
    }
    error_message = "An identity can be used from elsewhere."
  }

  # The same of a repository that is new, whose subject has numbers in it, and of an old one, whose subject has none.
  assert {
    condition = alltrue([
      for text in concat(
        values(google_iam_workload_identity_pool_provider.github.attribute_mapping),
        [google_iam_workload_identity_pool_provider.github.attribute_condition],
      ) : !strcontains(text, "assertion.sub")
    ])
    error_message = "GitHub writes the subject in two ways, and one of them would be refused."
  }

  assert {
    condition = google_iam_workload_identity_pool_provider.github.attribute_mapping == tomap({
      "google.subject" = "has(assertion.environment) ? 'environment:' + assertion.environment : 'event:' + assertion.event_name"
    })
    error_message = "Who runs is told by something else than the environment, or the event where there is none."
  }

  assert {
    condition = split(" && ", google_iam_workload_identity_pool_provider.github.attribute_condition) == tolist([
      "assertion.repository_id == '123'",
      "assertion.repository_owner_id == '45'",
      "(has(assertion.environment) ? assertion.ref == 'refs/heads/main' : assertion.event_name == 'pull_request')",
    ])
    error_message = "A repository of the same name, made by someone else, or another branch than main would be let in."
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
    github_owner_id      = "owner"
    github_repository_id = "owner/name"
    billing_account      = "123"
    budget_monthly       = 0.5
    budget_currency      = "dollars"
  }

  expect_failures = [
    var.project_id,
    var.region,
    var.github_owner_id,
    var.github_repository_id,
    var.billing_account,
    var.budget_monthly,
    var.budget_currency,
  ]
}
