# Signing without a key: Google signs in the name of an account, for whoever may ask it to.
#
# press asks for signatures of another account than its own. One that could sign for itself could also write itself new
# tokens, so that a token that leaked once would live for ever; the predefined role for signing allows that as well.
#
# Bytes are bytes: what is signed may also be a link to any PDF, or what Google takes for a token of the signer. So whoever
# runs as press has all that the signer has, and that is reading a PDF by its name. It cannot list them.

resource "google_project_iam_custom_role" "signs_links" {
  role_id     = "pressSignsLinks"
  title       = "Signs links to PDFs"
  description = "Has bytes signed in the name of an account"
  permissions = ["iam.serviceAccounts.signBlob"]

  depends_on = [google_project_service.this]
}

# Given on the bucket, in the stack above. The predefined roles for reading list as well.
resource "google_project_iam_custom_role" "reads_pdfs" {
  role_id     = "pressReadsPdfs"
  title       = "Reads PDFs"
  description = "Reads an object whose name is known, and lists none"
  permissions = ["storage.objects.get"]

  depends_on = [google_project_service.this]
}

resource "google_service_account_iam_member" "run_signs_as_signer" {
  service_account_id = google_service_account.this["signer"].name
  role               = google_project_iam_custom_role.signs_links.name
  member             = google_service_account.this["run"].member
}
