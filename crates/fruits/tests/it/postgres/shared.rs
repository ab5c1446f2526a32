//! Several servers on one database.

use std::time::Duration;

use fruits::{
    Error, Store,
    domain::{Change, Fruit, FruitId, IdempotencyKey, NewFruit, Once, Precondition},
    store::{Postgres, postgres::Limits},
};
use futures_util::future::{join_all, try_join_all};

use crate::support::{Database, adder::Adder, new_fruit};

fn chosen(number: i64) -> NewFruit {
    NewFruit { id: FruitId::new(number).ok(), ..new_fruit("chosen") }
}

fn once(key: &str, request: u8) -> Once {
    Once { key: IdempotencyKey::parse(key).expect("a key"), request: [request; 32] }
}

#[tokio::test]
async fn what_one_process_acknowledged_every_other_sees() {
    let database = Database::new();
    let store = database.open();
    store.ready().await.unwrap();
    let mut adder = Adder::start(&database.url());
    for _ in 0..200 {
        let line = adder.line();
        let [_, id, name] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let id = FruitId::new(id.parse().unwrap()).unwrap();
        let fruit = store.get(id).await.unwrap().expect("it was acknowledged");
        assert_eq!(fruit.fruit.as_str(), name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_are_given_once_whoever_gives_and_chooses_them() {
    let database = Database::new();
    let stores: Vec<Store> = (0..3).map(|_| database.open()).collect();
    stores[0].ready().await.unwrap();
    let mut tasks = Vec::new();
    for (place, store) in stores.iter().enumerate() {
        for client in 0..6_i64 {
            tasks.push(async move {
                let mut added: Vec<Fruit> = Vec::new();
                for round in 0..40_i64 {
                    // Ids that others are about to be given, and some far ahead.
                    let wanted = match client {
                        0 => Some(round * 9 + i64::try_from(place).unwrap()),
                        1 if round % 10 == 0 => {
                            Some(5_000 * (round / 10 + 1) + i64::try_from(place).unwrap())
                        }
                        _ => None,
                    };
                    let change = match wanted.map(chosen) {
                        Some(fruit) if round % 2 == 0 => Change::Add(vec![fruit, new_fruit("with it")]),
                        Some(fruit) => Change::Add(vec![fruit]),
                        None => Change::Add(vec![new_fruit("given")]),
                    };
                    match store.change(change).await {
                        Ok(fruits) => added.extend(fruits),
                        Err(Error::IdTaken(_)) => assert!(wanted.is_some()),
                        Err(Error::Item { error, .. }) => assert!(matches!(*error, Error::IdTaken(_))),
                        Err(error) => panic!("{error:?}"),
                    }
                    if round % 7 == 0
                        && let Some(fruit) = added.pop()
                    {
                        let delete = Change::Delete { id: fruit.id, precondition: Precondition::default() };
                        store.change(delete).await.unwrap();
                    }
                }
                added
            });
        }
    }
    let added: Vec<Fruit> = join_all(tasks).await.into_iter().flatten().collect();
    let mut ids: Vec<_> = added.iter().map(|fruit| fruit.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), added.len(), "an id was given twice");
    for fruit in &added {
        assert_eq!(stores[0].get(fruit.id).await.unwrap().as_ref(), Some(fruit));
    }
    let retired: i64 = database.rows("SELECT count(*) FROM fruits_retired_ids")[0].parse().unwrap();
    assert!(retired > 50, "{retired}");
    let reused = "SELECT count(*) FROM fruits JOIN fruits_retired_ids USING (id)";
    assert_eq!(database.rows(reused), ["0"]);
}

/// As another process may do that moves it at the same time.
#[tokio::test]
async fn a_sequence_that_fell_back_catches_up() {
    let database = Database::new();
    let store = database.open();
    for number in 1..=30 {
        assert_eq!(store.add(new_fruit("given")).await.unwrap().id.get(), number);
    }
    for number in 11..=30 {
        let id = FruitId::new(number).unwrap();
        store.change(Change::Delete { id, precondition: Precondition::default() }).await.unwrap();
    }
    for (back, next) in [(5, 31), (10, 32), (1, 33)] {
        database.execute(&format!("SELECT setval('fruits_ids', {back})"));
        assert_eq!(store.add(new_fruit("given")).await.unwrap().id.get(), next, "{back}");
    }
    database.execute("SELECT setval('fruits_ids', 2)");
    let several = vec![chosen(40), new_fruit("a"), new_fruit("b")];
    let added = store.change(Change::Add(several)).await.unwrap();
    assert_eq!(added.iter().map(|fruit| fruit.id.get()).collect::<Vec<_>>(), [40, 41, 42]);
}

/// The end of the ids is not used up by adds that are refused.
#[tokio::test]
async fn arrays_that_would_run_out_of_ids_leave_them() {
    let database = Database::new();
    let store = database.open();
    let last = FruitId::MAX.get();
    let several = vec![chosen(last - 1), new_fruit("fits"), new_fruit("does not")];
    let refused = store.change(Change::Add(several)).await.unwrap_err();
    let Error::Item { index: 2, error } = refused else { panic!("{refused:?}") };
    assert!(matches!(*error, Error::IdsExhausted));
    assert_eq!(store.add(new_fruit("first")).await.unwrap().id.get(), 1);
    let several = vec![chosen(last - 1), new_fruit("fits")];
    let added = store.change(Change::Add(several)).await.unwrap();
    assert_eq!(added[1].id, FruitId::MAX);
    let several = vec![new_fruit("a"), new_fruit("b")];
    assert!(matches!(store.change(Change::Add(several)).await, Err(Error::IdsExhausted)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_held_across_servers() {
    let database = Database::new();
    let (one, other) = (database.open(), database.open());
    one.ready().await.unwrap();
    // Another server is in the middle of it.
    let add =
        async |store: &Store| store.change(Change::AddOnce(once("key", 1), vec![new_fruit("once")])).await;
    database.execute(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END $$;
        CREATE TRIGGER dawdle BEFORE INSERT ON fruits FOR EACH ROW EXECUTE FUNCTION dawdle()",
    );
    let (first, second) = tokio::join!(add(&one), async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        add(&other).await
    });
    let first = first.unwrap();
    assert!(matches!(second, Err(Error::KeyInUse)), "{second:?}");
    assert_eq!(add(&other).await.unwrap(), first);
    let another = Change::AddOnce(once("key", 2), vec![new_fruit("once")]);
    assert!(matches!(other.change(another).await, Err(Error::KeyReused)));
    assert_eq!(database.rows("SELECT count(*) FROM fruits"), ["1"]);
}

#[tokio::test]
async fn old_keys_are_forgotten_a_few_at_a_time() {
    let database = Database::new();
    let store = database.open();
    store.ready().await.unwrap();
    database.execute(
        "INSERT INTO fruits_idempotency_keys (key, request, answer, kept_at)
         SELECT 'old ' || n, '', '[]', now() - interval '24 hours 1 second' FROM generate_series(1, 250) AS n",
    );
    let left = || database.rows("SELECT count(*) FROM fruits_idempotency_keys")[0].parse::<u32>().unwrap();
    for (key, expected) in [("a", 151), ("b", 52), ("c", 3), ("d", 4)] {
        store.change(Change::AddOnce(once(key, 1), vec![new_fruit("new")])).await.unwrap();
        assert_eq!(left(), expected, "{key}");
    }
    // One that is old is as one that never was.
    database.execute("UPDATE fruits_idempotency_keys SET kept_at = now() - interval '24 hours 1 second'");
    let again = store.change(Change::AddOnce(once("a", 2), vec![new_fruit("newer")])).await.unwrap();
    assert_eq!(again[0].fruit.as_str(), "newer");
}

#[tokio::test]
async fn adds_share_statements_and_each_fails_alone() {
    let database = Database::new();
    let store = database.open();
    store.ready().await.unwrap();
    database.execute("ALTER TABLE fruits ADD CONSTRAINT no_poison CHECK (fruit <> 'poison')");
    let before = commits(&database);
    let adds = (0..300).map(|number| store.add(new_fruit(&format!("fruit {number}"))));
    let added = try_join_all(adds).await.unwrap();
    for (number, fruit) in added.iter().enumerate() {
        assert_eq!(fruit.fruit.as_str(), format!("fruit {number}"));
        assert_eq!(store.get(fruit.id).await.unwrap().as_ref(), Some(fruit));
    }
    let made = commits(&database) - before;
    assert!(made < 100, "{made} commits for 300 adds");

    let adds = (0..30).map(|number| {
        store.add(new_fruit(&if number % 5 == 0 { "poison".to_owned() } else { format!("good {number}") }))
    });
    for (number, outcome) in join_all(adds).await.into_iter().enumerate() {
        assert_eq!(matches!(outcome, Err(Error::Database(_))), number % 5 == 0, "{number}: {outcome:?}");
        assert_eq!(outcome.is_ok(), number % 5 != 0);
    }
}

/// Transactions that gave ids.
fn commits(database: &Database) -> usize {
    database.rows("SELECT count(DISTINCT xmin::text) FROM fruits")[0].parse().expect("a number")
}

#[tokio::test]
async fn the_queue_of_adds_takes_its_limit_and_not_one_more() {
    let database = Database::new();
    database.migrate();
    let mut target = database.target();
    target.limits = Limits { queue_adds_max: 4, group_adds_max: 1, ..target.limits };
    let store = Postgres::open(target, fruits::settings::Migrate::Off).unwrap();
    let lock = database.connect().await;
    lock.batch_execute("BEGIN; LOCK TABLE fruits").await.unwrap();
    let adds = (0..20).map(|_| store.add(new_fruit("waits")));
    let release = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        lock.batch_execute("COMMIT").await.unwrap();
    };
    let (outcomes, ()) = tokio::join!(join_all(adds), release);
    let added = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let busy = outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Busy))).count();
    // On one thread none is taken out of the queue before all have asked for a place in it.
    assert_eq!((added, busy), (4, 16), "{outcomes:?}");
    store.add(new_fruit("welcome again")).await.unwrap();
}

#[tokio::test]
async fn who_waits_too_long_for_a_connection_is_told() {
    let database = Database::new();
    database.migrate();
    let mut target = database.target();
    target.limits = Limits { connections_max: 2, queue_timeout: Duration::from_millis(200), ..target.limits };
    let store = Postgres::open(target, fruits::settings::Migrate::Off).unwrap();
    let lock = database.connect().await;
    lock.batch_execute("BEGIN; LOCK TABLE fruits").await.unwrap();
    let adds = (0..3).map(|_| store.change(Change::Add(vec![new_fruit("a"), new_fruit("b")])));
    let release = async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        lock.batch_execute("COMMIT").await.unwrap();
    };
    let (outcomes, ()) = tokio::join!(join_all(adds), release);
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    for outcome in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert!(matches!(outcome, Error::Unavailable(_)), "{outcome:?}");
    }
}

/// Two arrays that want the same ids crosswise wait for each other in one order; other programs may not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_block_each_other_are_made_again() {
    let database = Database::new();
    let store = database.open();
    for _ in 0..2 {
        store.add(new_fruit("apple")).await.unwrap();
    }
    let other = database.connect().await;
    other.batch_execute("SET deadlock_timeout = '10s'; BEGIN; INSERT INTO fruits (id, fruit, color, fruit_folded, color_folded) VALUES (7, 'a', 'b', 'a', 'b')").await.unwrap();
    // Ours has 6 and waits for 7; theirs has 7 and comes to wait for 6.
    let ours = store.change(Change::Add(vec![chosen(6), chosen(7)]));
    let theirs = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let insert = "INSERT INTO fruits (id, fruit, color, fruit_folded, color_folded) VALUES (6, 'a', 'b', 'a', 'b')";
        other.batch_execute(insert).await.expect("ours gave way");
        other.batch_execute("ROLLBACK").await.unwrap();
    };
    let (ours, ()) = tokio::join!(ours, theirs);
    assert_eq!(ours.unwrap().len(), 2);
}
