# Who watches: Google's own probes from several continents, and how many answers are failures of ours.

locals {
  watched = var.alert_email == null ? 0 : 1

  # 99.5 % of answers in 30 days. At 14.4 times the rate that this allows, the month's errors are used up in two days; at
  # 6 times in five. A long window tells that it matters, a short one that it still goes on.
  errors_allowed = 0.005
  burns = {
    fast = { factor = 14.4, windows = ["1h", "5m"], severity = "CRITICAL" }
    slow = { factor = 6, windows = ["6h", "30m"], severity = "WARNING" }
  }

  requests = "run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",service_name=\"${local.name}\"}"
  failures = replace(local.requests, "}", ",response_code_class=\"5xx\"}")
}

resource "google_monitoring_notification_channel" "email" {
  count = local.watched

  display_name = "${local.name}: who is called"
  type         = "email"
  labels       = { email_address = var.alert_email }
}

resource "google_monitoring_uptime_check_config" "ping" {
  count = var.edge_enabled ? 1 : 0

  display_name = "${local.name} /ping"
  period       = "300s"
  timeout      = "10s"

  http_check {
    path         = "/ping"
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }

  content_matchers {
    content = "pong"
  }

  monitored_resource {
    type   = "uptime_url"
    labels = { host = local.host, project_id = var.project_id }
  }
}

resource "google_monitoring_alert_policy" "down" {
  count = var.edge_enabled ? local.watched : 0

  display_name          = "${local.name} does not answer"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = google_monitoring_notification_channel.email[*].id

  conditions {
    display_name = "/ping fails from more than one place"

    condition_threshold {
      filter = join(" AND ", [
        "resource.type = \"uptime_url\"",
        "metric.type = \"monitoring.googleapis.com/uptime_check/check_passed\"",
        "metric.label.check_id = \"${google_monitoring_uptime_check_config.ping[0].uptime_check_id}\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "300s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }

      trigger {
        count = 1
      }
    }
  }

  documentation {
    content   = "https://${local.host}/ping fails from several places. docs/operations/delivery.md says how to go back to the previous revision."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "burn" {
  for_each = local.watched == 1 ? local.burns : {}

  display_name          = "${local.name} fails too often (${each.key})"
  combiner              = "AND"
  severity              = each.value.severity
  notification_channels = google_monitoring_notification_channel.email[*].id

  dynamic "conditions" {
    for_each = each.value.windows
    content {
      display_name = "failures in ${conditions.value}"

      condition_prometheus_query_language {
        query = join(" ", [
          "sum(rate(${local.failures}[${conditions.value}]))",
          "/ sum(rate(${local.requests}[${conditions.value}]))",
          "> ${each.value.factor * local.errors_allowed}",
        ])
        duration            = "0s"
        evaluation_interval = "60s"
      }
    }
  }

  documentation {
    content   = "More than ${each.value.factor} times the failures that 99.5 % allows. The logs of Cloud Run name each one; docs/operations/delivery.md says how to go back to the previous revision."
    mime_type = "text/markdown"
  }
}
