# One service account for each job, each with the least that it needs, and no key for any of them.
#
# The pipelines cannot make an identity, nor give one a right on the project. `apply` says who may call and deploy the service, and
# who may use the buckets that it makes.

locals {
  accounts = {
    run    = "What press runs as"
    signer = "In whose name links to PDFs are signed; reads a PDF whose name it is told, and nothing else"
    deploy = "Puts new images into service; cannot change infrastructure"
    plan   = "Says what a change of deploy/gcp would do; changes nothing"
    apply  = "Makes and changes what deploy/gcp describes"
  }

  # What the stack above consists of, to look at ...
  plan_roles = toset([
    "roles/artifactregistry.reader",
    "roles/compute.viewer",
    "roles/iam.securityReviewer",
    "roles/monitoring.viewer",
    "roles/run.viewer",
    "roles/secretmanager.viewer",
    "roles/storage.bucketViewer",
  ])

  # ... and to change.
  apply_roles = toset([
    "roles/compute.loadBalancerAdmin",
    "roles/compute.securityAdmin",
    "roles/monitoring.editor",
    "roles/run.admin",
  ])

  # Buckets have no owner to go by: of the project's, all but the one of the states, where this stack's own is.
  state_bucket = "projects/_/buckets/${google_storage_bucket.state.name}"
  but_states   = "resource.name != '${local.state_bucket}' && !resource.name.startsWith('${local.state_bucket}/')"
  # Terraform lists the bucket before it opens the state. The names of objects are in that, and nothing of them.
  state_of_press = "resource.name == '${local.state_bucket}' || resource.name.startsWith('${local.state_bucket}/objects/press/')"
}

resource "google_service_account" "this" {
  for_each = local.accounts

  account_id   = "press-${each.key}"
  display_name = "press-${each.key}"
  description  = each.value

  depends_on = [google_project_service.this]
}

resource "google_project_iam_member" "plan" {
  for_each = local.plan_roles

  project = var.project_id
  role    = each.key
  member  = google_service_account.this["plan"].member
}

resource "google_project_iam_member" "apply" {
  for_each = local.apply_roles

  project = var.project_id
  role    = each.key
  member  = google_service_account.this["apply"].member
}

resource "google_project_iam_member" "apply_makes_buckets" {
  project = var.project_id
  role    = "roles/storage.admin"
  member  = google_service_account.this["apply"].member

  condition {
    title       = "all buckets but the one of the states"
    description = "This stack's own state, and who may read either, are no pipeline's"
    expression  = local.but_states
  }
}

# A plan reads the state, and takes no lock: that would be writing.
resource "google_storage_bucket_iam_member" "state_of_press" {
  for_each = {
    plan  = "roles/storage.objectViewer"
    apply = "roles/storage.objectAdmin"
  }

  bucket = google_storage_bucket.state.name
  role   = each.value
  member = google_service_account.this[each.key].member

  condition {
    title      = "the state of press"
    expression = local.state_of_press
  }
}

# Who makes the service says what it runs as; who deploys, too. Whoever may say so can run an image of their own as it,
# and so has what it has: docs/operations/delivery.md tells of each what that is.
resource "google_service_account_iam_member" "acts_as_run" {
  for_each = toset(["apply", "deploy"])

  service_account_id = google_service_account.this["run"].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.this[each.key].member
}

resource "google_artifact_registry_repository_iam_member" "deploy_copies_images" {
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.this["deploy"].member
}

# Cloud Run asks whether whoever deploys an image may read it.
resource "google_artifact_registry_repository_iam_member" "apply_deploys_images" {
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.this["apply"].member
}
