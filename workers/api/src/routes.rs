//! The table of routes: every call of the API, by subject. Its order is that of the reference.

mod account;
mod operation;
mod training;
mod webhooks;

use crate::route::{Route, Section};

/// The sections of one group.
pub struct Group {
    pub name: &'static str,
    pub sections: Vec<Section>,
}

/// All groups.
pub fn groups() -> Vec<Group> {
    vec![
        Group { name: "Training", sections: training::sections() },
        Group { name: "Account", sections: account::sections() },
        Group { name: "Webhooks", sections: webhooks::sections() },
        Group { name: "Operation", sections: operation::sections() },
    ]
}

/// All routes.
pub fn routes() -> Vec<Route> {
    let sections = groups().into_iter().flat_map(|group| group.sections);
    sections.flat_map(|section| section.routes).collect()
}
