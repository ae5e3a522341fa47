//! The service of units.

use super::refused;
use crate::gate::caller;
use crate::reason::Wrong;
use crate::status::{check, length_violation, wrong};
use access::is_unit_code;
use proto::access::units_server::Units;
use proto::access::{CreateUnitRequest, ListUnitsRequest, ListUnitsResponse, SwitchUnitRequest, Unit, UnitKind};
use store::{Store, UnitRow};
use tonic::{Request, Response, Status};

/// Longest name of a unit, characters.
const NAME_CHARACTERS_MAX: usize = 200;

/// The tree of units.
pub(crate) struct UnitService {
    store: Store,
}

impl UnitService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }
}

#[tonic::async_trait]
impl Units for UnitService {
    async fn list_units(&self, request: Request<ListUnitsRequest>) -> Result<Response<ListUnitsResponse>, Status> {
        let units = self.store.unit_list(&caller(&request)?).await.map_err(|error| refused("ListUnits", &error.into()))?;
        Ok(Response::new(ListUnitsResponse { units: units.into_iter().map(unit).collect() }))
    }

    async fn create_unit(&self, request: Request<CreateUnitRequest>) -> Result<Response<Unit>, Status> {
        let caller = caller(&request)?;
        let row = row(&request.into_inner())?;
        caller.about(format!("unit {}", row.code));
        let created = self.store.unit_create(&caller, &row).await;
        Ok(Response::new(unit(created.map_err(|error| refused("CreateUnit", &error))?)))
    }

    async fn switch_unit(&self, request: Request<SwitchUnitRequest>) -> Result<Response<Unit>, Status> {
        let caller = caller(&request)?;
        let SwitchUnitRequest { code, on } = request.into_inner();
        check(length_violation("code", &code, 1, 40).into_iter().collect())?;
        caller.about(format!("unit {code} {}", if on { "on" } else { "off" }));
        let switched = self.store.unit_switch(&caller, &code, on).await;
        Ok(Response::new(unit(switched.map_err(|error| refused("SwitchUnit", &error))?)))
    }
}

fn row(asked: &CreateUnitRequest) -> Result<UnitRow, Status> {
    let kind = match asked.kind() {
        // There is one central unit, and it was there first.
        UnitKind::Unspecified | UnitKind::Central => None,
        UnitKind::Province => Some(store::UnitKind::Province),
        UnitKind::Prison => Some(store::UnitKind::Prison),
        UnitKind::Room => Some(store::UnitKind::Room),
        UnitKind::Executor => Some(store::UnitKind::Executor),
    };
    let mut violations = Vec::new();
    if !is_unit_code(&asked.code) {
        violations.push(wrong("code", Wrong::NotACode, &[]));
    }
    for (field, text) in [("name_fa", &asked.name_fa), ("name_en", &asked.name_en)] {
        violations.extend(length_violation(field, text.trim(), 1, NAME_CHARACTERS_MAX));
    }
    violations.extend(length_violation("parent", &asked.parent, 1, 40));
    let Some(kind) = kind.filter(|_| violations.is_empty()) else {
        if kind.is_none() {
            violations.push(wrong("kind", Wrong::UnknownChoice, &[("value", asked.kind.to_string())]));
        }
        check(violations)?;
        return Err(Status::internal("checked before"));
    };
    let (name_fa, name_en) = (asked.name_fa.trim().to_owned(), asked.name_en.trim().to_owned());
    Ok(UnitRow { code: asked.code.clone(), parent: asked.parent.clone(), kind, name_fa, name_en })
}

fn unit(unit: store::Unit) -> Unit {
    let kind = match unit.row.kind {
        store::UnitKind::Central => UnitKind::Central,
        store::UnitKind::Province => UnitKind::Province,
        store::UnitKind::Prison => UnitKind::Prison,
        store::UnitKind::Room => UnitKind::Room,
        store::UnitKind::Executor => UnitKind::Executor,
    };
    Unit {
        code: unit.row.code,
        parent: unit.row.parent,
        kind: kind.into(),
        name_fa: unit.row.name_fa,
        name_en: unit.row.name_en,
        on: unit.is_on,
        in_force: unit.in_force,
    }
}
