# Which host leads where. There is one; the bare address and every other name get 404 and never reach the service.

locals {
  # Says that a request is for the candidate. It is no secret: what it reaches is what is about to be live.
  candidate_header = { name = "X-Release-Channel", value = "candidate" }
}

resource "google_compute_url_map" "this" {
  name = var.name

  # A map needs a service for what no rule names; the abort is made before the service is asked.
  default_service = google_compute_backend_service.this["live"].id
  default_route_action {
    fault_injection_policy {
      abort {
        http_status = 404
        percentage  = 100
      }
    }
  }

  host_rule {
    hosts        = [local.host]
    path_matcher = "service"
  }

  path_matcher {
    name            = "service"
    default_service = google_compute_backend_service.this["live"].id

    route_rules {
      priority = 1
      service  = google_compute_backend_service.this["candidate"].id

      match_rules {
        prefix_match = "/"
        header_matches {
          header_name = local.candidate_header.name
          exact_match = local.candidate_header.value
        }
      }
    }
  }

  # Google tries these before it takes the map.
  test {
    description = "The host leads to what is live"
    host        = local.host
    path        = "/image_to_pdf"
    service     = google_compute_backend_service.this["live"].id
  }
}

# The same of port 80 where that only sends to https: a redirect for the one host. One for every host would send callers
# wherever a name of theirs says.
resource "google_compute_url_map" "redirect" {
  count = var.http_mode == "redirect" ? 1 : 0

  name = "${var.name}-redirect"

  default_service = google_compute_backend_service.this["live"].id
  default_route_action {
    fault_injection_policy {
      abort {
        http_status = 404
        percentage  = 100
      }
    }
  }

  host_rule {
    hosts        = [local.host]
    path_matcher = "https"
  }

  path_matcher {
    name = "https"

    # 308: after 301, clients make a GET of a POST.
    default_url_redirect {
      https_redirect         = true
      redirect_response_code = "PERMANENT_REDIRECT"
      strip_query            = false
    }
  }
}
