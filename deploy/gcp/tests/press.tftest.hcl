# What press is told, what it may, and who can reach it.

mock_provider "google" {
  override_during = plan

  mock_resource "google_compute_global_address" {
    defaults = { address = "203.0.113.7" }
  }
  mock_resource "google_secret_manager_secret_version" {
    defaults = { version = "3" }
  }
}

variables {
  project_id  = "example-project"
  sentry_dsn  = "https://0123456789abcdef@o1.ingest.sentry.io/2"
  alert_email = "someone@example.com"
}

run "only_the_load_balancer_gets_in" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service.press.ingress == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
    error_message = "The service can be reached past the load balancer."
  }

  assert {
    condition     = google_cloud_run_v2_service.press.default_uri_disabled
    error_message = "The service has an address under run.app."
  }

  assert {
    condition     = output.urls == tolist(["https://press-203-0-113-7.nip.io", "http://press-203-0-113-7.nip.io"])
    error_message = "The outputs name other URLs than those that are served."
  }
}

run "the_service_is_told_what_it_needs" {
  command = plan

  assert {
    condition = {
      for env in google_cloud_run_v2_service.press.template[0].containers[0].env : env.name => env.value
      if env.name != "SENTRY_DSN"
      } == {
      PROJECT_ID         = "example-project"
      PDF_BUCKET         = "example-project-press-pdfs"
      PDF_LINKS          = "signed"
      PDF_LINK_SIGNER    = "press-signer@example-project.iam.gserviceaccount.com"
      PDF_LINK_TTL       = "1h"
      ALLOWED_HOSTS      = "press-203-0-113-7.nip.io"
      TRUSTED_PROXY_HOPS = "2"

      CLIENT_REQUESTS_PER_MINUTE_MAX = "120"

      CONVERSIONS_MAX       = "4"
      FETCHES_MAX           = "32"
      CONVERSIONS_BYTES_MAX = "369098752"
    }
    error_message = "The settings are not these."
  }

  assert {
    condition     = google_cloud_run_v2_service.press.template[0].containers[0].ports[0].container_port == 8080
    error_message = "The port is not the default."
  }

  assert {
    condition     = google_cloud_run_v2_service.press.template[0].service_account == "press-run@example-project.iam.gserviceaccount.com"
    error_message = "The service runs as another account, which may have more rights."
  }
}

# Pixels, what each conversion and each fetch holds besides, and the process: all of it at once.
run "the_settings_fit_into_the_memory" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service.press.template[0].containers[0].resources[0].limits["memory"] == "512Mi"
    error_message = "The memory is not the default."
  }

  assert {
    condition = sum([
      for env in google_cloud_run_v2_service.press.template[0].containers[0].env : tonumber(env.value) * {
        CONVERSIONS_BYTES_MAX = 1
        CONVERSIONS_MAX       = 20 * 1024 * 1024
        FETCHES_MAX           = 512 * 1024
      }[env.name] if contains(["CONVERSIONS_BYTES_MAX", "CONVERSIONS_MAX", "FETCHES_MAX"], env.name)
    ]) + 30 * 1024 * 1024 < 512 * 1024 * 1024
    error_message = "The settings allow more than the memory."
  }
}

run "more_memory_is_for_pixels" {
  command = plan

  variables {
    memory_mib            = 2048
    requests_per_instance = 80
  }

  assert {
    condition = {
      for env in google_cloud_run_v2_service.press.template[0].containers[0].env : env.name => env.value
      if contains(["CONVERSIONS_BYTES_MAX", "FETCHES_MAX"], env.name)
    } == { CONVERSIONS_BYTES_MAX = tostring((2048 - 64 - 80 - 128) * 1024 * 1024), FETCHES_MAX = "256" }
    error_message = "The settings do not follow the memory."
  }
}

# Nothing has been published when this is applied first: the image has to be there all the same, and to be well.
run "an_empty_project_gets_an_image_that_is_there" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service.press.template[0].containers[0].image == "us-docker.pkg.dev/cloudrun/container/hello"
    error_message = "The first image is another one: it has to be public, and to answer /ping on the port that it is given."
  }
}

run "memory_that_no_image_fits_into_is_refused" {
  command = plan

  variables {
    requests_per_instance = 80
  }

  expect_failures = [google_cloud_run_v2_service.press]
}

run "the_dsn_is_a_reference_and_in_no_state" {
  command = plan

  assert {
    condition = one([
      for env in google_cloud_run_v2_service.press.template[0].containers[0].env : env.value_source[0].secret_key_ref[0]
      if env.name == "SENTRY_DSN"
    ]).version == "3"
    error_message = "The DSN is not read from the version that was made for it."
  }

  assert {
    condition     = google_secret_manager_secret_version.sentry_dsn[0].secret_data == null
    error_message = "The DSN would be written into the state."
  }
}

run "error_reports_can_be_off" {
  command = plan

  variables {
    sentry_dsn_version = 0
  }

  assert {
    condition = one([
      for env in google_cloud_run_v2_service.press.template[0].containers[0].env : env if env.name == "SENTRY_DSN"
    ]).value == ""
    error_message = "The image is not told that nothing is reported, and would not start."
  }

  assert {
    condition     = length(google_secret_manager_secret_version.sentry_dsn) == 0
    error_message = "A DSN is kept that nobody uses."
  }
}

run "the_bucket_is_closed_and_forgets" {
  command = plan

  assert {
    condition     = google_storage_bucket.pdfs.public_access_prevention == "enforced" && google_storage_bucket.pdfs.uniform_bucket_level_access
    error_message = "The bucket could be opened to the world."
  }

  assert {
    condition = [
      for rule in google_storage_bucket.pdfs.lifecycle_rule : one(rule.condition).age if one(rule.action).type == "Delete"
    ] == [7]
    error_message = "PDFs are not deleted after a week."
  }

  assert {
    condition = [
      for rule in google_storage_bucket.pdfs.lifecycle_rule : one(rule.condition).age if one(rule.action).type == "AbortIncompleteMultipartUpload"
    ] == [1]
    error_message = "Uploads that were never finished are paid for."
  }

  assert {
    condition = {
      (google_storage_bucket_iam_member.run_creates.role)  = google_storage_bucket_iam_member.run_creates.member
      (google_storage_bucket_iam_member.signer_reads.role) = google_storage_bucket_iam_member.signer_reads.member
      } == {
      "roles/storage.objectCreator"                   = "serviceAccount:press-run@example-project.iam.gserviceaccount.com"
      "projects/example-project/roles/pressReadsPdfs" = "serviceAccount:press-signer@example-project.iam.gserviceaccount.com"
    }
    error_message = "Someone else may use the bucket, or for something else."
  }
}

run "who_deploys_can_deploy_and_nothing_else" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service_iam_member.deploy.role == "roles/run.developer" && google_cloud_run_v2_service_iam_member.deploy.name == "press"
    error_message = "The identity that deploys has a wider role, or for more than the one service."
  }
}

run "nothing_is_deleted_by_mistake_and_costs_have_a_ceiling" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service.press.deletion_protection && !google_storage_bucket.pdfs.force_destroy
    error_message = "The service or the PDFs could be deleted by mistake."
  }

  assert {
    condition = (
      google_cloud_run_v2_service.press.template[0].scaling[0].min_instance_count == 0 &&
      google_cloud_run_v2_service.press.template[0].scaling[0].max_instance_count == 3
    )
    error_message = "Instances run while nobody calls, or without a ceiling."
  }
}

run "the_first_deployment_keeps_its_port_and_bucket" {
  command = plan

  variables {
    port       = 3333
    pdf_bucket = "pdfs-of-long-ago"
    settings   = { LOG_LEVEL = "debug" }
  }

  assert {
    condition     = google_cloud_run_v2_service.press.template[0].containers[0].ports[0].container_port == 3333
    error_message = "The port is not the one that was set."
  }

  assert {
    condition = {
      for env in google_cloud_run_v2_service.press.template[0].containers[0].env : env.name => env.value
      if contains(["PDF_BUCKET", "LOG_LEVEL"], env.name)
    } == { PDF_BUCKET = "pdfs-of-long-ago", LOG_LEVEL = "debug" }
    error_message = "The bucket or the settings are not those that were set."
  }
}

run "trouble_is_told" {
  command = plan

  assert {
    condition     = length(google_monitoring_alert_policy.burn) == 2 && length(google_monitoring_alert_policy.down) == 1
    error_message = "An alert is missing."
  }

  assert {
    condition     = google_monitoring_uptime_check_config.ping[0].monitored_resource[0].labels.host == "press-203-0-113-7.nip.io"
    error_message = "Another host is watched."
  }

  assert {
    condition = strcontains(
      one([for condition in google_monitoring_alert_policy.burn["fast"].conditions : condition if endswith(condition.display_name, "1h")]).condition_prometheus_query_language[0].query,
      "service_name=\"press\",response_code_class=\"5xx\"}[1h])) / sum(rate(",
    )
    error_message = "The alert does not ask for the share of failures."
  }
}

run "the_way_in_can_be_off" {
  command = plan

  variables {
    edge_enabled = false
  }

  assert {
    condition     = length(module.edge) == 0 && length(output.urls) == 0 && length(google_monitoring_uptime_check_config.ping) == 0
    error_message = "Something of the way in is left, and paid for."
  }

  assert {
    condition = one([
      for env in google_cloud_run_v2_service.press.template[0].containers[0].env : env.value if env.name == "ALLOWED_HOSTS"
    ]) == "press.invalid"
    error_message = "Without a host of its own, the service would answer any."
  }
}

run "nobody_is_mailed_unless_told_whom" {
  command = plan

  variables {
    alert_email = null
  }

  assert {
    condition     = length(google_monitoring_alert_policy.burn) + length(google_monitoring_alert_policy.down) == 0
    error_message = "There are alerts that nobody hears."
  }
}
