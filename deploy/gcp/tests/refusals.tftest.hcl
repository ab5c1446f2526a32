# Each variable refuses what could not work, before anything is asked of Google.

mock_provider "google" {
  override_during = plan
}

run "nonsense_is_refused" {
  command = plan

  variables {
    project_id                 = "My Project"
    region                     = "us"
    image                      = "press"
    port                       = 65536
    sentry_dsn                 = "o185731.ingest.sentry.io"
    sentry_dsn_version         = -1
    pdf_bucket                 = "Capitals"
    pdf_days                   = 0
    pdf_link_hours             = 13
    instances_max              = 0
    memory_mib                 = 256
    requests_per_instance      = 1001
    client_requests_per_minute = 0
    http_mode                  = "https"
    armor_requests_per_minute  = 0
    alert_email                = "someone"
  }

  expect_failures = [
    var.project_id,
    var.region,
    var.image,
    var.port,
    var.sentry_dsn,
    var.sentry_dsn_version,
    var.pdf_bucket,
    var.pdf_days,
    var.pdf_link_hours,
    var.instances_max,
    var.memory_mib,
    var.requests_per_instance,
    var.client_requests_per_minute,
    var.http_mode,
    var.armor_requests_per_minute,
    var.alert_email,
  ]
}

run "settings_cannot_undo_what_is_decided_here" {
  command = plan

  variables {
    project_id = "example-project"
    sentry_dsn = "https://0123456789abcdef@o1.ingest.sentry.io/2"
    settings   = { ALLOWED_HOSTS = "" }
  }

  expect_failures = [var.settings]
}

run "the_limit_of_clients_is_a_variable_of_its_own" {
  command = plan

  variables {
    project_id = "example-project"
    sentry_dsn = "https://0123456789abcdef@o1.ingest.sentry.io/2"
    settings   = { CLIENT_REQUESTS_PER_MINUTE_MAX = "1000000" }
  }

  expect_failures = [var.settings]
}

run "what_follows_from_the_memory_is_not_set_beside_it" {
  command = plan

  variables {
    project_id = "example-project"
    sentry_dsn = "https://0123456789abcdef@o1.ingest.sentry.io/2"
    settings   = { CONVERSIONS_BYTES_MAX = "1073741824" }
  }

  expect_failures = [var.settings]
}

run "settings_are_spelt_as_variables" {
  command = plan

  variables {
    project_id = "example-project"
    sentry_dsn = "https://0123456789abcdef@o1.ingest.sentry.io/2"
    settings   = { log-level = "debug" }
  }

  expect_failures = [var.settings]
}
