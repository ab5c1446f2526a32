# Google makes the certificate and renews it, once the name leads to the load balancer: some 15 to 60 minutes after
# the first apply. Let's Encrypt would not do: its limits are shared by everyone who uses nip.io.

resource "google_compute_managed_ssl_certificate" "this" {
  # A certificate cannot be changed: another host gets another one, before the old one goes.
  name = "${var.name}-${substr(sha256(local.host), 0, 8)}"

  managed {
    domains = [local.host]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_ssl_policy" "this" {
  name            = var.name
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}
