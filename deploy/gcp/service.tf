# press on Cloud Run: reached by the load balancer alone, as its own account, scaled to nothing while nobody calls.

locals {
  # What an instance may hold at its worst, as README.md tells of each setting, in MiB. What is left is for pixels.
  conversions_max = 4
  # A request waits for several sources where it names several.
  fetches_max = min(4 * var.requests_per_instance, 256)
  conversions_mib = var.memory_mib - sum([
    64, # the process itself, and something to spare
    20 * local.conversions_max,
    ceil(local.fetches_max / 2),
  ])

  environment = merge(var.settings, {
    PROJECT_ID = var.project_id
    PDF_BUCKET = google_storage_bucket.pdfs.name

    # The bucket is closed to the world: each link is signed, and works for so long.
    PDF_LINKS       = "signed"
    PDF_LINK_SIGNER = local.accounts["signer"]
    PDF_LINK_TTL    = "${var.pdf_link_hours}h"

    # The load balancer lets no other host through; should it ever, the service does not either.
    ALLOWED_HOSTS = local.host
    # It appends the client's address and then its own, and counts from the right.
    TRUSTED_PROXY_HOPS = "2"
    # Each instance counts for itself.
    CLIENT_REQUESTS_PER_MINUTE_MAX = tostring(var.client_requests_per_minute)

    # Cloud Run ends an instance that takes more memory than it has, with all that it was doing.
    CONVERSIONS_MAX       = tostring(local.conversions_max)
    FETCHES_MAX           = tostring(local.fetches_max)
    CONVERSIONS_BYTES_MAX = tostring(local.conversions_mib * 1024 * 1024)
  })
}

resource "google_cloud_run_v2_service" "press" {
  name     = local.name
  location = var.region

  ingress              = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
  default_uri_disabled = true
  # Everyone may call. An IAM grant for that is forbidden in many organisations.
  invoker_iam_disabled = true
  deletion_protection  = var.deletion_protection

  template {
    service_account                  = local.accounts["run"]
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    timeout                          = "60s"
    max_instance_request_concurrency = var.requests_per_instance

    scaling {
      min_instance_count = 0
      max_instance_count = var.instances_max
    }

    containers {
      image = var.image

      ports {
        container_port = var.port
      }

      resources {
        limits            = { cpu = "1", memory = "${var.memory_mib}Mi" }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = local.environment
        content {
          name  = env.key
          value = env.value
        }
      }

      env {
        name = "SENTRY_DSN"
        # Set and empty: the image wants to be told, and is told that nothing is reported.
        value = var.sentry_dsn_version == 0 ? "" : null

        dynamic "value_source" {
          for_each = google_secret_manager_secret_version.sentry_dsn
          content {
            secret_key_ref {
              secret = local.sentry_dsn_secret
              # The number and not `latest`: a revision that is gone back to finds what it had.
              version = value_source.value.version
            }
          }
        }
      }

      # /ping asks nothing of anyone else: a store that is away must not make Cloud Run restart the service.
      startup_probe {
        period_seconds    = 1
        timeout_seconds   = 1
        failure_threshold = 30
        http_get {
          path = "/ping"
        }
      }
      liveness_probe {
        period_seconds    = 10
        timeout_seconds   = 3
        failure_threshold = 3
        http_get {
          path = "/ping"
        }
      }
    }
  }

  traffic {
    type    = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    percent = 100
  }

  lifecycle {
    precondition {
      # Two copies of 128 MiB and a mask of 64: press would not start.
      condition     = local.conversions_mib >= 320
      error_message = "memory_mib is too little for requests_per_instance: ${local.conversions_mib} MiB would be left for pixels, and one image may need 320."
    }

    # The pipeline's: what runs, and who gets the traffic. A change made here becomes a revision without traffic;
    # the infrastructure pipeline has the running image deployed anew with it.
    #
    # The revision's name is not among them. gcloud names its revisions, and a name that was kept would be refused
    # for a second revision; taken away, Cloud Run makes one up.
    ignore_changes = [
      client,
      client_version,
      template[0].containers[0].image,
      traffic,
    ]
  }
}

# Deploying is changing this one service, and no other.
resource "google_cloud_run_v2_service_iam_member" "deploy" {
  name     = google_cloud_run_v2_service.press.name
  location = google_cloud_run_v2_service.press.location
  role     = "roles/run.developer"
  member   = local.members["deploy"]
}
