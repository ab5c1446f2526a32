# A cluster for the chart in deploy/helm, where Kubernetes is what the team runs. What comes into it, a gateway with TLS and
# the chart itself, is not Terraform's: docs/operations/delivery.md.

resource "azurerm_kubernetes_cluster" "this" {
  #checkov:skip=CKV_AZURE_115:a private cluster takes a runner inside its network; who may call is Entra's to say
  #checkov:skip=CKV_AZURE_117:a key of one's own for the disks of machines that keep nothing
  #checkov:skip=CKV_AZURE_168:the nodes are small, and so is what they hold
  #checkov:skip=CKV_AZURE_170:the paid control plane costs more than the machine; there is a variable less to forget
  #checkov:skip=CKV_AZURE_172:nothing is mounted from a vault
  #checkov:skip=CKV_AZURE_226:small machines have no room for a disk that goes with them
  #checkov:skip=CKV_AZURE_227:as CKV_AZURE_226
  #checkov:skip=CKV_AZURE_232:one pool: a second one for the system's own pods doubles the price
  #checkov:skip=CKV_AZURE_116:the policy add-on enforces what an organisation wants of all its clusters; it is theirs to add
  #checkov:skip=CKV_AZURE_6:the variable cluster_api_ranges narrows it; runners of GitHub have no addresses of their own
  count = local.aks ? 1 : 0

  name                = "aks-${local.name}"
  resource_group_name = local.group
  location            = var.location
  # Of its machines; the budget in bootstrap counts it by this name.
  node_resource_group = "${local.group}-nodes"
  dns_prefix          = local.name
  sku_tier            = "Free"

  automatic_upgrade_channel = "patch"
  node_os_upgrade_channel   = "NodeImage"

  # Entra alone says who may do what; there is no certificate that could be copied.
  local_account_disabled            = true
  role_based_access_control_enabled = true
  azure_active_directory_role_based_access_control {
    azure_rbac_enabled     = true
    tenant_id              = var.tenant_id
    admin_group_object_ids = var.cluster_admins
  }

  api_server_access_profile {
    authorized_ip_ranges = var.cluster_api_ranges
  }

  # Pods sign in to the database as identities of Azure.
  oidc_issuer_enabled       = true
  workload_identity_enabled = true

  identity {
    type         = "UserAssigned"
    identity_ids = [data.azurerm_user_assigned_identity.cluster[0].id]
  }

  default_node_pool {
    name                        = "system"
    vm_size                     = "Standard_B2s"
    node_count                  = var.nodes
    os_sku                      = "AzureLinux"
    vnet_subnet_id              = azurerm_subnet.compute.id
    temporary_name_for_rotation = "rotating"

    upgrade_settings {
      max_surge = "1"
    }
  }

  # Cilium enforces the chart's network policies.
  network_profile {
    network_plugin      = "azure"
    network_plugin_mode = "overlay"
    network_policy      = "cilium"
    network_data_plane  = "cilium"
    load_balancer_sku   = "standard"
  }

  node_provisioning_profile {
    mode               = "Manual"
    default_node_pools = "None"
  }

  oms_agent {
    log_analytics_workspace_id      = azurerm_log_analytics_workspace.this.id
    msi_auth_for_monitoring_enabled = true
  }
}

# The chart's service accounts may be these identities.
resource "azurerm_federated_identity_credential" "pods" {
  for_each = local.aks ? {
    serve   = { identity = data.azurerm_user_assigned_identity.serve.id, account = "fruits" }
    migrate = { identity = data.azurerm_user_assigned_identity.migrate.id, account = "fruits-migrate" }
  } : {}

  name                      = "pods"
  user_assigned_identity_id = each.value.identity
  audience                  = ["api://AzureADTokenExchange"]
  issuer                    = azurerm_kubernetes_cluster.this[0].oidc_issuer_url
  subject                   = "system:serviceaccount:${local.name}:${each.value.account}"
}
