//! What a PDF says of itself, once more in XMP: XMP specification (2005); ISO 19005-2, 6.6.2 and 6.6.4.
//!
//! Every entry of the information dictionary has its property here with the same value (ISO 19005-2, 6.6.3).

use std::fmt::Write;

use crate::PdfA;

use super::Metadata;

/// The packet. Nothing in it depends on anything but its arguments.
pub(super) fn packet(pdfa: PdfA, metadata: &Metadata) -> String {
    let mut properties =
        format!("<pdfaid:part>{}</pdfaid:part>\n<pdfaid:conformance>B</pdfaid:conformance>\n", pdfa.part());
    for (name, text) in metadata.texts() {
        let text = escaped(&text);
        // In the order of the dictionary, which is also that of this table.
        let _ = match name {
            "Title" => writeln!(
                properties,
                "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{text}</rdf:li></rdf:Alt></dc:title>"
            ),
            "Author" => {
                writeln!(properties, "<dc:creator><rdf:Seq><rdf:li>{text}</rdf:li></rdf:Seq></dc:creator>")
            }
            "Subject" => writeln!(
                properties,
                "<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">{text}</rdf:li></rdf:Alt></dc:description>"
            ),
            "Keywords" => writeln!(properties, "<pdf:Keywords>{text}</pdf:Keywords>"),
            "Creator" => writeln!(properties, "<xmp:CreatorTool>{text}</xmp:CreatorTool>"),
            _ => writeln!(properties, "<pdf:Producer>{text}</pdf:Producer>"),
        };
    }
    for (name, date) in metadata.dates() {
        let property = if name == "CreationDate" { "CreateDate" } else { "ModifyDate" };
        let _ = writeln!(properties, "<xmp:{property}>{}</xmp:{property}>", date.iso());
    }
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>
<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">
<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">
<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\">
{properties}</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end=\"r\"?>"
    )
}

/// A text as XML holds it. Control characters, which XML cannot hold, no [`Text`](super::Text) has.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
