# What is private, who signs in and how, and what each of the two platforms makes.

mock_provider "azurerm" {
  override_during = plan

  mock_resource "azurerm_container_app_environment" {
    defaults = { default_domain = "calm-sea-1.westeurope.azurecontainerapps.io" }
  }
  mock_resource "azurerm_postgresql_flexible_server" {
    defaults = { fqdn = "psql-fruits.postgres.database.azure.com" }
  }
}

override_data {
  target = data.azurerm_user_assigned_identity.serve
  values = { id = "serve", client_id = "client of serve", principal_id = "principal of serve" }
}
override_data {
  target = data.azurerm_user_assigned_identity.migrate
  values = { id = "migrate", client_id = "client of migrate", principal_id = "principal of migrate" }
}

override_data {
  target = data.azurerm_user_assigned_identity.prepare
  values = { id = "prepare", client_id = "client of prepare", principal_id = "principal of prepare" }
}

variables {
  subscription_id = "00000000-0000-0000-0000-000000000000"
  tenant_id       = "00000000-0000-0000-0000-000000000001"
  alert_email     = "someone@example.com"
}

run "the_database_is_private_and_knows_no_passwords" {
  command = plan

  assert {
    condition     = !azurerm_postgresql_flexible_server.this.public_network_access_enabled
    error_message = "The database has a public address."
  }

  assert {
    condition = (
      azurerm_postgresql_flexible_server.this.authentication[0].active_directory_auth_enabled &&
      !azurerm_postgresql_flexible_server.this.authentication[0].password_auth_enabled
    )
    error_message = "The database takes passwords."
  }

  assert {
    condition     = azurerm_postgresql_flexible_server_configuration.this["require_secure_transport"].value == "ON"
    error_message = "The database can be spoken to without TLS."
  }

  assert {
    condition = [
      for rule in azurerm_network_security_group.database.security_rule : tolist(rule.source_address_prefixes)
      if rule.access == "Allow" && rule.direction == "Inbound"
    ] == [tolist(["10.20.0.0/23"])]
    error_message = "The database can be reached from elsewhere than where the service runs."
  }

  assert {
    condition     = [for admin in azurerm_postgresql_flexible_server_active_directory_administrator.prepare : admin.object_id] == ["principal of prepare"]
    error_message = "Someone else administers the database than who prepares it, such as the migration, which whoever deploys can be."
  }

  assert {
    condition     = length(azurerm_postgresql_flexible_server_active_directory_administrator.people) == 0
    error_message = "People administer the database though none were named."
  }
}

run "the_service_signs_in_as_itself_and_wants_tokens" {
  command = plan

  assert {
    condition = {
      for env in azurerm_container_app.fruits[0].template[0].container[0].env : env.name => env.value
      } == {
      DATABASE_URL        = "postgres://id-fruits@psql-fruits.postgres.database.azure.com/fruits"
      DATABASE_AUTH       = "azure"
      AZURE_CLIENT_ID     = "client of serve"
      MIGRATE             = "off"
      API_TOKENS_FILE     = "/tokens/api-tokens"
      ALLOW_ANONYMOUS_ADD = "true"
      ALLOWED_HOSTS       = "fruits.calm-sea-1.westeurope.azurecontainerapps.io,fruits---candidate.calm-sea-1.westeurope.azurecontainerapps.io"
      TRUSTED_PROXY_HOPS  = "1"
    }
    error_message = "The settings are not these."
  }

  assert {
    condition     = azurerm_container_app.fruits[0].identity[0].identity_ids == toset(["serve"])
    error_message = "The service runs as another identity, which may have more rights."
  }

  assert {
    condition     = one(azurerm_container_app.fruits[0].secret).value == null
    error_message = "The tokens would be written into the state."
  }
}

run "the_service_is_reached_by_https_alone" {
  command = plan

  assert {
    condition     = azurerm_container_app.fruits[0].ingress[0].external_enabled && !azurerm_container_app.fruits[0].ingress[0].allow_insecure_connections
    error_message = "The service answers http, or nobody."
  }

  assert {
    condition     = output.url == "https://fruits.calm-sea-1.westeurope.azurecontainerapps.io" && output.urls[1] == "http://fruits.calm-sea-1.westeurope.azurecontainerapps.io"
    error_message = "The output names another URL than the one that is served."
  }
}

# The repository has published nothing yet when this is applied first: the image has to be there all the same, and to be well.
run "an_empty_subscription_gets_an_image_that_is_there" {
  command = plan

  assert {
    condition     = azurerm_container_app.fruits[0].template[0].container[0].image == "us-docker.pkg.dev/cloudrun/container/hello"
    error_message = "The first image is another one: it has to be public, and to answer the probes on port 8080."
  }

  assert {
    condition     = azurerm_container_app.fruits[0].ingress[0].target_port == 8080
    error_message = "The first image listens on port 8080, unless PORT says otherwise, which Azure does not set."
  }
}

run "each_image_migrates_as_its_own_identity" {
  command = plan

  assert {
    condition = (
      azurerm_container_app_job.migrate[0].template[0].container[0].args == tolist(["migrate"]) &&
      azurerm_container_app_job.migrate[0].identity[0].identity_ids == toset(["migrate"])
    )
    error_message = "The job does not migrate, or not as the identity that may."
  }

  # The rights in tables to come are the owner's to give, so that tables have to be the owner's.
  assert {
    condition = contains([
      for env in azurerm_container_app_job.migrate[0].template[0].container[0].env : env.value if env.name == "DATABASE_URL"
    ], "postgres://id-fruits-migrate@psql-fruits.postgres.database.azure.com/fruits?options=-c%20role%3Dfruits_owner")
    error_message = "Tables would belong to the identity that migrates, and the service would have no rights in them."
  }

  # What administers the server is not whatever a name leads to next month.
  assert {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", azurerm_container_app_job.prepare[0].template[0].container[0].image))
    error_message = "The image that prepares the database is not named by its digest."
  }

  assert {
    condition     = azurerm_container_app_job.prepare[0].identity[0].identity_ids == toset(["prepare"])
    error_message = "The database is prepared by an identity that does not administer the server."
  }

  assert {
    condition = {
      for env in azurerm_container_app_job.prepare[0].template[0].container[0].env : env.name => env.value if env.name != "PREPARE_SQL"
      } == {
      AZURE_CLIENT_ID = "client of prepare"
      DATABASE        = "fruits"
      MIGRATE_ROLE    = "id-fruits-migrate"
      PGHOST          = "psql-fruits.postgres.database.azure.com"
      PGUSER          = "id-fruits-prepare"
      SERVICE_ROLE    = "id-fruits"
    }
    error_message = "The roles are not those of the identities."
  }
}

run "costs_have_a_ceiling" {
  command = plan

  assert {
    condition     = azurerm_container_app.fruits[0].template[0].min_replicas == 0 && azurerm_container_app.fruits[0].template[0].max_replicas == 3
    error_message = "Replicas run while nobody calls, or without a ceiling."
  }

  assert {
    condition     = length(azurerm_kubernetes_cluster.this) == 0
    error_message = "A cluster is paid for that nobody asked for."
  }

  assert {
    condition     = toset(keys(azurerm_monitor_metric_alert.this)) == toset(["database-down", "database-full", "failures", "restarts"])
    error_message = "An alert is missing."
  }
}

run "nobody_pays_for_tries_from_outside_unasked" {
  command = plan

  assert {
    condition     = length(azurerm_application_insights_standard_web_test.ping) + length(azurerm_application_insights.this) == 0
    error_message = "There is a test from outside, which costs and keeps a replica awake."
  }
}

run "it_is_tried_from_outside_where_asked_for" {
  command = plan

  variables {
    availability_test = true
  }

  assert {
    condition = (
      azurerm_application_insights_standard_web_test.ping[0].request[0].url == "https://fruits.calm-sea-1.westeurope.azurecontainerapps.io/ping" &&
      azurerm_application_insights_standard_web_test.ping[0].validation_rules[0].content[0].content_match == "pong" &&
      azurerm_application_insights_standard_web_test.ping[0].validation_rules[0].ssl_check_enabled
    )
    error_message = "Something else than /ping and its certificate is tried."
  }

  assert {
    condition     = azurerm_monitor_metric_alert.unreachable[0].application_insights_web_test_location_availability_criteria[0].failed_location_count == 2
    error_message = "Nobody hears of it, or of each place's own trouble."
  }
}

run "kubernetes_takes_the_place_of_container_apps" {
  command = plan

  variables {
    platform        = "aks"
    database_admins = { name = "those who know", object_id = "00000000-0000-0000-0000-000000000003" }
  }

  override_data {
    target = data.azurerm_user_assigned_identity.cluster
    values = { id = "cluster" }
  }

  assert {
    condition     = length(azurerm_container_app.fruits) + length(azurerm_container_app_job.migrate) + length(azurerm_container_app_environment.this) == 0
    error_message = "Container Apps are left beside the cluster."
  }

  assert {
    condition     = azurerm_kubernetes_cluster.this[0].local_account_disabled && azurerm_kubernetes_cluster.this[0].azure_active_directory_role_based_access_control[0].azure_rbac_enabled
    error_message = "Others than Entra say who may use the cluster."
  }

  assert {
    condition     = azurerm_kubernetes_cluster.this[0].network_profile[0].network_policy == "cilium"
    error_message = "Nothing enforces the chart's network policies."
  }

  assert {
    condition = tomap({ for job, credential in azurerm_federated_identity_credential.pods : job => credential.subject }) == tomap({
      serve   = "system:serviceaccount:fruits:fruits"
      migrate = "system:serviceaccount:fruits:fruits-migrate"
    })
    error_message = "Other pods than the chart's may be its identities."
  }

  assert {
    condition = (
      length(azurerm_postgresql_flexible_server_active_directory_administrator.people) == 1 &&
      length(azurerm_postgresql_flexible_server_active_directory_administrator.prepare) == 0
    )
    error_message = "The people who were named do not administer the database, or not they alone."
  }

  # By this name the budget counts it.
  assert {
    condition     = azurerm_kubernetes_cluster.this[0].node_resource_group == "rg-fruits-nodes"
    error_message = "The budget does not see what the machines cost."
  }
}

run "nobody_is_mailed_unless_told_whom" {
  command = plan

  variables {
    alert_email = null
  }

  assert {
    condition     = length(azurerm_monitor_metric_alert.this) + length(azurerm_monitor_action_group.this) == 0
    error_message = "There are alerts that nobody hears."
  }
}
