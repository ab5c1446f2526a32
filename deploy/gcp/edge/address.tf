# nip.io answers press-203-0-113-7.nip.io with 203.0.113.7: a name for an address, with nothing to register.

resource "google_compute_global_address" "this" {
  name       = var.name
  ip_version = "IPV4"
}

locals {
  host = "${var.name}-${replace(google_compute_global_address.this.address, ".", "-")}.nip.io"
}
