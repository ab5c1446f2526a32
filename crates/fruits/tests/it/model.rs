//! Any sequence of adds and restarts does what a few lines of plain code do.

use std::{collections::BTreeMap, num::NonZeroUsize};

use fruits::{
    Error,
    domain::{Color, Fruit, FruitId, FruitName, NewFruit, Selection},
};
use proptest::prelude::*;

use crate::support::Place;

#[derive(Debug, Clone)]
enum Step {
    Add(NewFruit),
    Restart,
}

/// The catalogue as it is meant.
#[derive(Default)]
struct Model {
    fruits: BTreeMap<FruitId, Fruit>,
    /// The largest id ever given.
    last: i64,
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Added(Fruit),
    Taken(FruitId),
    Exhausted,
}

impl Model {
    fn add(&mut self, fruit: NewFruit) -> Outcome {
        let id = match fruit.id {
            Some(id) if self.fruits.contains_key(&id) => return Outcome::Taken(id),
            Some(id) => id,
            None => match FruitId::new(self.last + 1) {
                Ok(id) => id,
                Err(_) => return Outcome::Exhausted,
            },
        };
        self.last = self.last.max(id.get());
        let fruit = fruit.with_id(id);
        self.fruits.insert(id, fruit.clone());
        Outcome::Added(fruit)
    }
}

fn step() -> impl Strategy<Value = Step> {
    // Composing makes three characters of some; 33 stay within the limit of 100. One of them is visible.
    let label = "[^\\pC\\pZ]{0,32}[a-z]";
    let id = prop_oneof![
        6 => Just(None),
        4 => (1_i64..12).prop_map(Some),
        1 => (0_i64..3).prop_map(|below| Some(FruitId::MAX.get() - below)),
    ];
    let fruit = (id, label, label).prop_map(|(id, fruit, color)| NewFruit {
        id: id.and_then(|number| FruitId::new(number).ok()),
        fruit: FruitName::parse(&fruit).expect("a name"),
        color: Color::parse(&color).expect("a color"),
    });
    prop_oneof![12 => fruit.prop_map(Step::Add), 1 => Just(Step::Restart)]
}

/// The steps do to a catalogue in this place what they do to the model.
fn check(place: &Place, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _on_it = runtime.enter();
    let mut store = place.open();
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Restart => {
                drop(store);
                store = place.open();
            }
            Step::Add(fruit) => {
                let outcome = match runtime.block_on(store.add(fruit.clone())) {
                    Ok(fruit) => Outcome::Added(fruit),
                    Err(Error::IdTaken(id)) => Outcome::Taken(id),
                    Err(Error::IdsExhausted) => Outcome::Exhausted,
                    Err(error) => panic!("{error}"),
                };
                prop_assert_eq!(outcome, model.add(fruit));
            }
        }
    }
    let all = Selection::default();
    let listed = runtime.block_on(store.page(&all, None, NonZeroUsize::MAX)).unwrap();
    prop_assert_eq!(listed.fruits, model.fruits.into_values().collect::<Vec<_>>());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_adds_equals_the_model(steps in prop::collection::vec(step(), 0..40)) {
        check(&Place::file(), steps)?;
    }
}

mod postgres {
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

        #[test]
        fn any_sequence_of_adds_equals_the_model(steps in prop::collection::vec(step(), 0..40)) {
            check(&Place::database(), steps)?;
        }
    }
}
