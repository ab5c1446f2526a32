# What the world can reach: one host, and nothing else.

mock_provider "google" {
  override_during = plan

  mock_resource "google_compute_global_address" {
    defaults = { address = "203.0.113.7" }
  }
}

# Each resource of the mock has an id of its own, so that "leads to the same" can be asked.
override_resource {
  target          = google_compute_backend_service.this["live"]
  override_during = plan
  values          = { id = "the live service" }
}
override_resource {
  target          = google_compute_backend_service.this["candidate"]
  override_during = plan
  values          = { id = "the candidate" }
}
override_resource {
  target          = google_compute_url_map.this
  override_during = plan
  values          = { id = "the map" }
}

override_resource {
  target          = google_compute_url_map.redirect
  override_during = plan
  values          = { id = "the map that redirects" }
}
override_resource {
  target          = google_compute_security_policy.this
  override_during = plan
  values          = { id = "the policy" }
}

variables {
  name                      = "press"
  region                    = "us-central1"
  service                   = "press"
  http_mode                 = "serve"
  cloud_armor               = false
  armor_requests_per_minute = 60
}

run "the_name_is_the_address" {
  command = plan

  assert {
    condition     = output.host == "press-203-0-113-7.nip.io"
    error_message = "nip.io would not lead this name to the address."
  }

  assert {
    condition     = one(google_compute_managed_ssl_certificate.this.managed[0].domains) == output.host
    error_message = "The certificate is for another name, or for others too."
  }
}

run "no_other_host_gets_anything" {
  command = plan

  assert {
    condition     = google_compute_url_map.this.default_route_action[0].fault_injection_policy[0].abort[0].http_status == 404
    error_message = "Unknown hosts do not get 404."
  }

  assert {
    condition     = google_compute_url_map.this.default_route_action[0].fault_injection_policy[0].abort[0].percentage == 100
    error_message = "Some requests for unknown hosts get through."
  }

  assert {
    condition     = flatten([for rule in google_compute_url_map.this.host_rule : tolist(rule.hosts)]) == ["press-203-0-113-7.nip.io"]
    error_message = "Another host than the one is answered."
  }
}

run "the_candidate_is_reached_by_its_header_alone" {
  command = plan

  assert {
    condition     = google_compute_url_map.this.path_matcher[0].default_service == "the live service"
    error_message = "Requests without the header do not reach what is live."
  }

  assert {
    condition     = google_compute_url_map.this.path_matcher[0].route_rules[0].service == "the candidate"
    error_message = "The header does not lead to the candidate."
  }

  assert {
    condition = one(google_compute_url_map.this.path_matcher[0].route_rules[0].match_rules[0].header_matches) == one([
      for match in google_compute_url_map.this.path_matcher[0].route_rules[0].match_rules[0].header_matches :
      match if match.header_name == "X-Release-Channel" && match.exact_match == "candidate"
    ])
    error_message = "Another header leads to the candidate."
  }

  assert {
    condition     = google_compute_region_network_endpoint_group.this["live"].cloud_run[0].tag == null
    error_message = "The live way leads to one revision, not to those that have the traffic."
  }

  assert {
    condition     = google_compute_region_network_endpoint_group.this["candidate"].cloud_run[0].tag == "candidate"
    error_message = "The candidate's way does not lead to the tagged revision."
  }
}

run "http_is_served_as_https_is" {
  command = plan

  assert {
    condition     = google_compute_target_http_proxy.this.url_map == google_compute_target_https_proxy.this.url_map
    error_message = "http and https lead to different places."
  }

  assert {
    condition = toset([
      google_compute_global_forwarding_rule.http.port_range, google_compute_global_forwarding_rule.https.port_range,
    ]) == toset(["80", "443"])
    error_message = "Other ports than 80 and 443 are open."
  }

  assert {
    condition     = google_compute_ssl_policy.this.min_tls_version == "TLS_1_2"
    error_message = "Old versions of TLS are spoken."
  }
}

run "http_can_be_sent_to_https" {
  command = plan

  variables {
    http_mode = "redirect"
  }

  assert {
    condition     = google_compute_url_map.redirect[0].path_matcher[0].default_url_redirect[0].redirect_response_code == "PERMANENT_REDIRECT"
    error_message = "A redirect that is not 308 turns a POST into a GET."
  }

  assert {
    condition = (
      flatten([for rule in google_compute_url_map.redirect[0].host_rule : tolist(rule.hosts)]) == ["press-203-0-113-7.nip.io"] &&
      google_compute_url_map.redirect[0].default_route_action[0].fault_injection_policy[0].abort[0].http_status == 404 &&
      google_compute_url_map.redirect[0].default_route_action[0].fault_injection_policy[0].abort[0].percentage == 100 &&
      length(google_compute_url_map.redirect[0].default_url_redirect) == 0
    )
    error_message = "Another host than the one is sent somewhere."
  }

  assert {
    condition     = google_compute_target_http_proxy.this.url_map == "the map that redirects" && google_compute_target_https_proxy.this.url_map == "the map"
    error_message = "http is still served, or https is not."
  }
}

run "armor_costs_and_is_off" {
  command = plan

  assert {
    condition     = length(google_compute_security_policy.this) == 0
    error_message = "Cloud Armor is on though nobody asked for it."
  }
}

run "armor_limits_each_address" {
  command = plan

  variables {
    cloud_armor               = true
    armor_requests_per_minute = 7
  }

  assert {
    condition = [
      for rule in google_compute_security_policy.this[0].rule : rule.rate_limit_options[0].rate_limit_threshold[0].count
      if rule.action == "throttle"
    ] == [7]
    error_message = "The limit is not the one that was set."
  }

  assert {
    condition = alltrue([
      for service in google_compute_backend_service.this : service.security_policy == google_compute_security_policy.this[0].id
    ])
    error_message = "A way into the service goes round Cloud Armor."
  }
}

run "nonsense_is_refused" {
  command = plan

  variables {
    http_mode = "off"
  }

  expect_failures = [var.http_mode]
}
