//! The image that a file says is its own, whole or in tiles, with its alpha.

use super::{
    drawing::Drawing,
    meta::Meta,
    picture::{Plan, Tiles},
    properties::{self, Properties},
};
use crate::{
    Format, document::Document, embed::Context, error::Fault, input::Input, pack::check_held, spool::Spooled,
};

/// Brings the image that is described in this place into the document.
pub(super) fn embed(
    file: Spooled<'_>,
    (start, end): (u64, u64),
    input: &Input<'_>,
    document: &mut Document<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let meta = Meta::read(file, start, end)?;
    let id = meta.primary(file)?;
    let properties = Properties::of_item(file, &meta, id)?;
    let (width, height) = properties.size;
    context.check_decoded(Format::Avif, width, height)?;
    let alpha_id = meta.about(b"auxl", id).find(|from| properties::is_alpha(file, &meta, *from));
    let plan = Tiles::plan(file, &meta, id, (width, height))?;
    let alpha_plan = match alpha_id {
        Some(id) => {
            let alpha = Properties::of_item(file, &meta, id)?;
            if alpha.size != properties.size {
                return Err(file.fault("has an alpha of another size than its image"));
            }
            Some(Tiles::plan(file, &meta, id, alpha.size)?)
        }
        None => None,
    };
    let frames = plan.frames().max(alpha_plan.as_ref().map_or(0, Plan::frames));
    // Those that are not shown cost as much.
    for _ in 1..frames {
        context.check_decoded(Format::Avif, width, height)?;
    }
    let held = plan.held().saturating_add(alpha_plan.as_ref().map_or(0, Plan::held));
    check_held(held, context.limits, "the AVIF")?;

    let tiles = plan.decode(file)?;
    if input.cancel().is_cancelled() {
        return Err(Fault::Cancelled);
    }
    let alpha = alpha_plan.map(|plan| plan.decode(file)).transpose()?;
    let premultiplied = alpha_id.is_some_and(|alpha| meta.of_item(*b"prem", id).contains(&alpha));
    let density = meta.about(b"cdsc", id).find_map(|from| meta.exif_density(file, from));
    let drawing = Drawing::new(file, document, context, &properties, tiles.header, density)?;
    drawing.show(document, context, &tiles, alpha.as_ref(), premultiplied)
}
