# Who may do what. Contributor makes and changes resources, and gives no rights: those are all here.

locals {
  groups = {
    fruits     = azurerm_resource_group.fruits.id
    foundation = azurerm_resource_group.foundation.id
  }

  # What the stack above makes, by the names that it gives.
  app     = "${local.groups.fruits}/providers/Microsoft.App/containerApps/${local.name}"
  migrate = "${local.groups.fruits}/providers/Microsoft.App/jobs/${local.name}-migrate"
  cluster = "${local.groups.fruits}/providers/Microsoft.ContainerService/managedClusters/aks-${local.name}"

  grants = merge(
    {
      "plan looks at what there is"      = { job = "plan", role = "Reader", scope = local.groups.fruits }
      "plan looks at what it stands on"  = { job = "plan", role = "Reader", scope = local.groups.foundation }
      "plan reads the state"             = { job = "plan", role = "Storage Blob Data Reader", scope = azurerm_storage_container.state["terraform"].id }
      "apply changes what there is"      = { job = "apply", role = "Contributor", scope = local.groups.fruits }
      "apply looks at what it stands on" = { job = "apply", role = "Reader", scope = local.groups.foundation }
      "apply writes the state"           = { job = "apply", role = "Storage Blob Data Contributor", scope = azurerm_storage_container.state["terraform"].id }
    },
    # Whoever makes a container app, a job or a cluster says what it runs as.
    { for job, identity in local.runs_as : "apply uses ${job}" => { job = "apply", role = "Managed Identity Operator", scope = identity } },
    # Deploying says it again, of the app and of its migration, and changes nothing but these two.
    var.platform == "aca" ? {
      for job in ["serve", "migrate"] : "deploy uses ${job}" => { job = "deploy", role = "Managed Identity Operator", scope = local.runs_as[job] }
    } : {},
    var.platform == "aca" && var.deployable ? {
      "deploy changes the app"       = { job = "deploy", role = "Container Apps Contributor", scope = local.app }
      "deploy changes its migration" = { job = "deploy", role = "Container Apps Jobs Contributor", scope = local.migrate }
    } : {},
    var.platform == "aks" && var.deployable ? {
      "deploy finds the cluster"         = { job = "deploy", role = "Azure Kubernetes Service Cluster User Role", scope = local.cluster }
      "deploy writes into its namespace" = { job = "deploy", role = "Azure Kubernetes Service RBAC Writer", scope = "${local.cluster}/namespaces/${local.name}" }
    } : {},
    var.platform == "aks" ? {
      "cluster joins its network" = { job = "cluster", role = "Network Contributor", scope = local.groups.fruits }
      # Pods take an identity by a federation of its own, which is known once there is a cluster.
      "apply lends serve to pods"   = { job = "apply", role = "Managed Identity Contributor", scope = azurerm_user_assigned_identity.this["serve"].id }
      "apply lends migrate to pods" = { job = "apply", role = "Managed Identity Contributor", scope = azurerm_user_assigned_identity.this["migrate"].id }
    } : {},
  )

  runs_as = {
    for job, identity in azurerm_user_assigned_identity.this : job => identity.id
    if contains(var.platform == "aks" ? ["cluster"] : ["serve", "migrate", "prepare"], job)
  }
}

resource "azurerm_role_assignment" "this" {
  for_each = local.grants

  scope                = each.value.scope
  role_definition_name = each.value.role
  principal_id         = azurerm_user_assigned_identity.this[each.value.job].principal_id
  principal_type       = "ServicePrincipal"
  description          = each.key
}

# What Reader lacks, and a plan asks all the same. What they answer names secrets, and holds the values of none.
resource "azurerm_role_definition" "plan" {
  name        = "${local.name} plan"
  scope       = azurerm_resource_group.fruits.id
  description = "Asks what Terraform compares with, where reading is called an action"

  permissions {
    actions = [
      "Microsoft.App/containerApps/listSecrets/action",
      "Microsoft.App/jobs/listSecrets/action",
      "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
    ]
  }

  assignable_scopes = [azurerm_resource_group.fruits.id]
}

resource "azurerm_role_assignment" "plan_asks" {
  scope              = azurerm_resource_group.fruits.id
  role_definition_id = azurerm_role_definition.plan.role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.this["plan"].principal_id
  principal_type     = "ServicePrincipal"
}

# Changing an app or a job takes a right on the environment that it is in.
resource "azurerm_role_definition" "deploy" {
  count = var.platform == "aca" ? 1 : 0

  name        = "${local.name} deploy"
  scope       = azurerm_resource_group.fruits.id
  description = "Leaves an app in the environment that it is in"

  permissions {
    actions = [
      "Microsoft.App/managedEnvironments/join/action",
      "Microsoft.App/managedEnvironments/read",
    ]
  }

  assignable_scopes = [azurerm_resource_group.fruits.id]
}

resource "azurerm_role_assignment" "deploy_stays_in_the_environment" {
  count = var.platform == "aca" ? 1 : 0

  scope              = azurerm_resource_group.fruits.id
  role_definition_id = azurerm_role_definition.deploy[0].role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.this["deploy"].principal_id
  principal_type     = "ServicePrincipal"
}
