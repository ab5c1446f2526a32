# GitHub's own word for who runs takes the place of passwords. Each identity is for one place in one repository.
#
# Azure compares one text, the subject. GitHub writes it with the numbers of the owner and the repository, which are never
# given again, where the repository was made or renamed since 15 July 2026 or was switched over; and with names alone
# otherwise. Exactly one of the two is let in: whoever took over a name that has become free must not be, beside the numbers.

locals {
  owner      = split("/", var.github_repository)[0]
  repository = split("/", var.github_repository)[1]

  subject = (
    var.github_repository_id == null
    ? "repo:${var.github_repository}"
    : "repo:${local.owner}@${coalesce(var.github_owner_id, "?")}/${local.repository}@${var.github_repository_id}"
  )

  # A pull request can only plan. What changes something runs in an environment of its own, which GitHub keeps to main.
  subjects = {
    plan   = "${local.subject}:pull_request"
    apply  = "${local.subject}:environment:fruits-infrastructure"
    deploy = "${local.subject}:environment:fruits"
  }
}

resource "azurerm_federated_identity_credential" "github" {
  for_each = local.subjects

  name                      = "github"
  user_assigned_identity_id = azurerm_user_assigned_identity.this[each.key].id
  audience                  = ["api://AzureADTokenExchange"]
  issuer                    = "https://token.actions.githubusercontent.com"
  subject                   = each.value

  lifecycle {
    precondition {
      condition     = (var.github_owner_id == null) == (var.github_repository_id == null)
      error_message = "Subjects have both numbers, github_owner_id and github_repository_id, or neither."
    }
  }
}
