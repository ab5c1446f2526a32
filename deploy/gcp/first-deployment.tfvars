# What the first deployment of press runs with: terraform apply -var-file=first-deployment.tfvars -var=project_id=… -var=alert_email=…
# Without an address there are no alerts.
#
# Its operators require this DSN. Nobody else's errors belong there: terraform.tfvars.example is for everyone else.
sentry_dsn = "https://8a3f1db0f57e44e382eef7276c7f74b2@o185731.ingest.sentry.io/5704178"
port       = 3333
