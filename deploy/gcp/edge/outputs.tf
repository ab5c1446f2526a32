output "host" {
  description = "The one name that is answered."
  value       = local.host
}
