//! Changes, each a transaction of its own.
//!
//! A change that met another one, or a connection that turned out to be gone, is made again where it is certain that
//! it was not made. Where that is not certain, because the answer to a commit is missing, the client is told.

use std::time::Duration;

use deadpool::managed::Object;
use tokio_postgres::{Row, error::SqlState};

use super::{
    connection::{Connection, Parameter, Transaction},
    fault::Fault,
    pool::Pool,
    rows::NewRows,
    statements,
};
use crate::{
    Error,
    domain::{Change, Edit, Folded, Fruit, FruitId, NewFruit, Once, Precondition},
    store::answers,
};

/// How often a change is tried. Who meets others this often is told to try again later.
const ATTEMPTS_MAX: u32 = 5;
/// The pause behind the first attempt; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(5);

/// Makes the change.
pub(super) async fn make(pool: &Pool, change: &Change) -> Result<Vec<Fruit>, Fault> {
    let mut attempt = 1;
    loop {
        let connection = pool.connection().await.map_err(Fault::Refused)?;
        let fault = match make_on(&connection, change).await {
            Ok(fruits) => return Ok(fruits),
            Err(fault) => fault,
        };
        let ids_collided = is_collision_of_ids(&fault);
        if attempt == ATTEMPTS_MAX || !(ids_collided || fault.may_pass()) {
            if !fault.leaves_sound() {
                drop(Object::take(connection));
            }
            return Err(fault);
        }
        if ids_collided {
            catch_up(&connection).await?;
        } else {
            drop(Object::take(connection));
            tokio::time::sleep(PAUSE * 2_u32.pow(attempt - 1)).await;
        }
        attempt += 1;
    }
}

/// Whether the sequence gave an id that is taken or retired.
pub(super) fn is_collision_of_ids(fault: &Fault) -> bool {
    fault.breaks("fruits_id_unique") || fault.breaks("fruits_id_retired")
}

/// Moves the sequence of ids behind all that were ever given. It may have fallen back while several processes moved it
/// at once.
pub(super) async fn catch_up(connection: &Connection) -> Result<(), Fault> {
    let last: i64 = first(&connection.query(statements::LAST_ID, &[]).await?)?.try_get(0)?;
    connection.query(statements::ADVANCE_IDS, &[&last]).await?;
    Ok(())
}

async fn make_on(connection: &Connection, change: &Change) -> Result<Vec<Fruit>, Fault> {
    match change {
        Change::Add(fruits) if fruits.iter().all(|fruit| fruit.id.is_none()) => {
            insert_at_once(connection, fruits).await
        }
        Change::Add(fruits) => {
            let rows = NewRows::chosen(fruits);
            let (transaction, free) =
                connection.begin(statements::INSERT_CHOSEN_FRUITS, &rows.with_ids()).await?;
            match insert_rest(&transaction, fruits, &free).await {
                Ok(added) => transaction.commit().await.map(|()| added),
                Err(fault) => Err(transaction.undone_after(fault).await),
            }
        }
        Change::AddOnce(once, fruits) => insert_once(connection, once, fruits).await,
        Change::Edit { id, edit, precondition } => edit_fruit(connection, *id, edit, precondition).await,
        Change::Delete { id, precondition } => delete_fruit(connection, *id, precondition).await,
    }
}

/// Adds fruits that want no ids in particular: one statement, which is a transaction of its own.
async fn insert_at_once(connection: &Connection, fruits: &[NewFruit]) -> Result<Vec<Fruit>, Fault> {
    // Before it may be committed.
    connection.prepare(statements::INSERT_FRUITS).await?;
    let rows = NewRows::of(fruits);
    match connection.query(statements::INSERT_FRUITS, &rows.without_ids()).await {
        Ok(added) => numbered(fruits, &added),
        Err(fault) => Err(fault.while_committing()),
    }
}

/// Adds the fruits, unless this was done before: then the answer is what it was then.
async fn insert_once(connection: &Connection, once: &Once, fruits: &[NewFruit]) -> Result<Vec<Fruit>, Fault> {
    let (transaction, held) = connection.begin(statements::HOLD_KEY, &[&lock_number(once)]).await?;
    match add_under_key(&transaction, once, fruits, &held).await {
        Ok((added, None)) => transaction.undo().await.map(|()| added),
        Ok((added, Some(answer))) => {
            let (key, request) = (once.key.as_str(), once.request.as_slice());
            transaction.commit_with(statements::KEEP_ANSWER, &[&key, &request, &answer]).await?;
            Ok(added)
        }
        Err(fault) => Err(transaction.undone_after(fault).await),
    }
}

/// The fruits, and the answer to be kept where it is not yet.
async fn add_under_key(
    transaction: &Transaction<'_>,
    once: &Once,
    fruits: &[NewFruit],
    held: &[Row],
) -> Result<(Vec<Fruit>, Option<String>), Fault> {
    if !first(held)?.try_get::<_, bool>(0)? {
        return Err(Fault::Refused(Error::KeyInUse));
    }
    let kept = transaction.query(statements::KEPT_ANSWER, &[&once.key.as_str()]).await?;
    let unreadable = |error: serde_json::Error| {
        Fault::Refused(Error::Database(crate::store::Failure::new(error.to_string())))
    };
    if let Some(kept) = kept.first() {
        if kept.try_get::<_, &[u8]>(0)? != once.request {
            return Err(Fault::Refused(Error::KeyReused));
        }
        return Ok((answers::read(kept.try_get(1)?).map_err(unreadable)?, None));
    }
    let free = if fruits.iter().any(|fruit| fruit.id.is_some()) {
        transaction.query(statements::INSERT_CHOSEN_FRUITS, &NewRows::chosen(fruits).with_ids()).await?
    } else {
        Vec::new()
    };
    let added = insert_rest(transaction, fruits, &free).await?;
    let answer = answers::write(&added).map_err(unreadable)?;
    Ok((added, Some(answer)))
}

/// The number of a key's lock. Two keys may have the same one, and then one of them is told to try again.
fn lock_number(once: &Once) -> i64 {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, once.key.as_str().as_bytes());
    let mut number = [0; 8];
    number.copy_from_slice(&digest.as_ref()[..8]);
    i64::from_be_bytes(number)
}

/// Adds what wants no id in particular, behind those that do and whose ids were free. The ids follow each other as the
/// fruits do; the sequence is moved last, since that cannot be undone.
async fn insert_rest(
    transaction: &Transaction<'_>,
    fruits: &[NewFruit],
    free: &[Row],
) -> Result<Vec<Fruit>, Fault> {
    let mut free = free.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<Vec<i64>, Fault>>()?;
    for (index, fruit) in fruits.iter().enumerate() {
        let Some(id) = fruit.id else { continue };
        match free.iter().position(|free| *free == id.get()) {
            Some(at) => free.swap_remove(at),
            None => return Err(at_fault(Error::IdTaken(id), index, fruits.len())),
        };
    }
    ensure_ids_last(fruits)?;
    let mut added = Vec::with_capacity(fruits.len());
    let mut chosen_max = None;
    let runs = fruits.chunk_by(|one, next| one.id.is_some() == next.id.is_some());
    for run in runs {
        if let Some(ids) = run.iter().map(|fruit| fruit.id).collect::<Option<Vec<FruitId>>>() {
            chosen_max = chosen_max.max(ids.iter().copied().max());
            added.extend(run.iter().zip(ids).map(|(fruit, id)| fruit.clone().with_id(id)));
            continue;
        }
        advance(transaction, chosen_max.take()).await?;
        let rows = transaction.query(statements::INSERT_FRUITS, &NewRows::of(run).without_ids()).await;
        let rows = rows.map_err(|fault| exhausted(fault, added.len(), fruits.len()))?;
        added.extend(numbered(run, &rows)?);
    }
    advance(transaction, chosen_max).await?;
    Ok(added)
}

async fn advance(transaction: &Transaction<'_>, chosen_max: Option<FruitId>) -> Result<(), Fault> {
    if let Some(id) = chosen_max {
        transaction.query(statements::ADVANCE_IDS, &[&id.get()]).await?;
    }
    Ok(())
}

/// Whether the ids behind each chosen one suffice for the fruits that follow it. Otherwise the sequence would be moved
/// to its end for fruits that are not added in the end.
fn ensure_ids_last(fruits: &[NewFruit]) -> Result<(), Fault> {
    let mut last = 0;
    for (index, fruit) in fruits.iter().enumerate() {
        last = fruit.id.map_or(last + 1, |id| id.get().max(last));
        if last > FruitId::MAX.get() {
            return Err(at_fault(Error::IdsExhausted, index, fruits.len()));
        }
    }
    Ok(())
}

/// The fault of the fruit at this place, where it is about ids that ran out.
fn exhausted(fault: Fault, index: usize, fruits: usize) -> Fault {
    if fault.is(&SqlState::SEQUENCE_GENERATOR_LIMIT_EXCEEDED) {
        at_fault(Error::IdsExhausted, index, fruits)
    } else {
        fault
    }
}

/// One of several has its place told.
fn at_fault(error: Error, index: usize, fruits: usize) -> Fault {
    Fault::Refused(if fruits == 1 { error } else { Error::Item { index, error: Box::new(error) } })
}

/// The fruits with the ids that they were given, which come in the same order.
fn numbered(fruits: &[NewFruit], rows: &[Row]) -> Result<Vec<Fruit>, Fault> {
    if rows.len() != fruits.len() {
        return Err(Fault::Refused(Error::Stopped));
    }
    let with_id = |(fruit, row): (&NewFruit, &Row)| {
        Ok(fruit.clone().with_id(row.try_get::<_, statements::StoredId>(0)?.0))
    };
    fruits.iter().zip(rows).map(with_id).collect()
}

async fn edit_fruit(
    connection: &Connection,
    id: FruitId,
    edit: &Edit,
    precondition: &Precondition,
) -> Result<Vec<Fruit>, Fault> {
    let (transaction, found) = connection.begin(statements::FRUIT_TO_CHANGE, &[&id.get()]).await?;
    let before = match find(&found, id, precondition) {
        Ok(before) => before,
        Err(fault) => return Err(transaction.undone_after(fault).await),
    };
    let after = edit.clone().apply(&before);
    if after == before {
        transaction.undo().await?;
    } else {
        let (fruit, color) = (after.fruit.as_str(), after.color.as_str());
        let (fruit_folded, color_folded) = (Folded::new(fruit), Folded::new(color));
        let parameters: [Parameter<'_>; 6] = [
            &id.get(),
            &fruit,
            &color,
            &after.revision.get(),
            &fruit_folded.as_str(),
            &color_folded.as_str(),
        ];
        transaction.commit_with(statements::UPDATE_FRUIT, &parameters).await?;
    }
    Ok(vec![after])
}

async fn delete_fruit(
    connection: &Connection,
    id: FruitId,
    precondition: &Precondition,
) -> Result<Vec<Fruit>, Fault> {
    if *precondition == Precondition::default() {
        connection.prepare(statements::DELETE_FRUIT).await?;
        let deleted = connection.query(statements::DELETE_FRUIT, &[&id.get()]).await;
        return find(&deleted.map_err(Fault::while_committing)?, id, precondition).map(|fruit| vec![fruit]);
    }
    let (transaction, found) = connection.begin(statements::FRUIT_TO_CHANGE, &[&id.get()]).await?;
    match find(&found, id, precondition) {
        Ok(fruit) => {
            transaction.commit_with(statements::DELETE_FRUIT, &[&id.get()]).await?;
            Ok(vec![fruit])
        }
        Err(fault) => Err(transaction.undone_after(fault).await),
    }
}

/// The fruit, if it is there and as it must be.
fn find(rows: &[Row], id: FruitId, precondition: &Precondition) -> Result<Fruit, Fault> {
    let fruit = rows.first().map(statements::fruit).transpose()?;
    let fruit = fruit.ok_or(Fault::Refused(Error::NotFound(id)))?;
    if precondition.allows(fruit.revision) {
        Ok(fruit)
    } else {
        Err(Fault::Refused(Error::PreconditionFailed(id)))
    }
}

fn first(rows: &[Row]) -> Result<&Row, Fault> {
    rows.first().ok_or(Fault::Refused(Error::Stopped))
}
