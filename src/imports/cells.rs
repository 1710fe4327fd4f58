//! One row seen through the plan: a field's text, checked into a value, with the fault named by heading.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use rustc_hash::FxHashMap;

use super::faults::{FaultCode, RowFault};
use super::fields::{Field, FieldId, Need, Noun};
use super::lists::{CodeLists, ListKind};
use super::plan::Plan;
use super::rows::Record;
use super::source::Format;
use super::values::dates::{self, Order, When};
use super::values::{Trouble, flags, numbers, said};

/// Where a field's values come from, ready to be asked a million times.
#[derive(Debug, Clone, Default)]
struct Bound {
    column: Option<usize>,
    constant: Option<String>,
    /// Values of the file to values of the list.
    values: FxHashMap<String, String>,
    other: Option<String>,
    order: Option<Order>,
    heading: String,
}

/// All fields of a noun bound to the columns of a file.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    noun: Noun,
    fields: [Bound; FieldId::COUNT],
}

impl Binding {
    /// Binds the fields as the plan has it.
    pub(super) fn of(plan: &Plan) -> Self {
        let has_shapes = plan.survey.format != Format::Table;
        let mut fields: [Bound; FieldId::COUNT] = std::array::from_fn(|_| Bound::default());
        for own in &plan.matching.fields {
            let values = plan.mapping.values.get(own.field);
            fields[own.id as usize] = Bound {
                column: own.column,
                constant: own.constant.clone(),
                values: values.into_iter().flatten().map(|(from, to)| (from.trim().to_owned(), to.clone())).collect(),
                other: values.and_then(|values| values.get("*")).cloned(),
                order: own.order,
                heading: own.heading.clone().unwrap_or_else(|| if has_shapes && own.id == FieldId::Wkt { "geometry" } else { own.field }.to_owned()),
            };
        }
        Self { noun: plan.noun, fields }
    }

    /// Whether a field has a column.
    pub(super) fn has_column(&self, id: FieldId) -> bool {
        self.fields[id as usize].column.is_some()
    }
}

/// One row being checked.
pub(super) struct Cells<'r> {
    /// The row.
    pub record: &'r Record,
    /// The columns.
    pub binding: &'r Binding,
    /// What is wrong with it.
    pub faults: &'r mut Vec<RowFault>,
}

impl<'r> Cells<'r> {
    /// Says that something is wrong with a field.
    pub(super) fn fault(&mut self, id: FieldId, trouble: Trouble) {
        let heading = &self.binding.fields[id as usize].heading;
        let fault = RowFault::new(self.record.row, trouble.code).column(heading);
        self.faults.push(trouble.args.into_iter().fold(fault, RowFault::arg));
    }

    fn checked<T>(&mut self, id: FieldId, value: Result<T, Trouble>) -> Option<T> {
        value.map_err(|trouble| self.fault(id, trouble)).ok()
    }

    /// The text of a field: its cell, else the value told or the default.
    pub(super) fn text(&self, id: FieldId) -> Option<&'r str> {
        let bound: &'r Bound = &self.binding.fields[id as usize];
        let text = bound.column.and_then(|column| said(self.record.cell(column)));
        let text = match text {
            Some(text) => bound.values.get(text).or(bound.other.as_ref()).map_or(text, String::as_str),
            None => bound.constant.as_deref()?,
        };
        said(text)
    }

    /// The text of a field that must be there.
    pub(super) fn required(&mut self, id: FieldId) -> Option<&'r str> {
        let text = self.text(id);
        if text.is_none() {
            let (zh, en) = self.names(id);
            self.fault(id, Trouble { code: FaultCode::Missing, args: vec![zh.to_owned(), en.to_owned()] });
        }
        text
    }

    fn names(&self, id: FieldId) -> (&'static str, &'static str) {
        let field: Option<&Field> = self.binding.noun.fields().iter().find(|field| field.id == id);
        field.map_or(("", ""), |field| (field.zh, field.name))
    }

    /// A text of at most so many characters.
    pub(super) fn words(&mut self, id: FieldId, most: usize) -> Option<String> {
        let required = self.binding.noun.fields().iter().any(|field| field.id == id && field.need == Need::Required);
        let text = if required { self.required(id)? } else { self.text(id)? };
        let long = text.len() > most && text.chars().count() > most;
        if long {
            self.fault(id, Trouble { code: FaultCode::TooLong, args: vec![text.chars().count().to_string(), most.to_string()] });
            return None;
        }
        Some(text.to_owned())
    }

    /// A whole number from 0.
    pub(super) fn count(&mut self, id: FieldId, most: u32) -> Option<u32> {
        let text = self.text(id)?;
        self.checked(id, numbers::count(text, most))
    }

    /// A number.
    pub(super) fn number(&mut self, id: FieldId) -> Option<f64> {
        let text = self.text(id)?;
        self.checked(id, numbers::number(text))
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, id: FieldId) -> Option<bool> {
        let text = self.text(id)?;
        self.checked(id, flags::flag(text))
    }

    /// Any value that a function reads.
    pub(super) fn value<T>(&mut self, id: FieldId, read: impl FnOnce(&str) -> Result<T, Trouble>) -> Option<T> {
        let text = self.text(id)?;
        self.checked(id, read(text))
    }

    fn when(&mut self, id: FieldId) -> Option<When> {
        let text = self.text(id)?;
        let order = self.binding.fields[id as usize].order;
        self.checked(id, dates::when(text, order))
    }

    /// A civil date in `zone`.
    pub(super) fn day(&mut self, id: FieldId, zone: Tz) -> Option<NaiveDate> {
        self.when(id).map(|when| when.day(zone))
    }

    /// An instant.
    pub(super) fn instant(&mut self, id: FieldId, zone: Tz) -> Option<DateTime<Utc>> {
        let when = self.when(id)?;
        let instant = when.instant(zone);
        if instant.is_none() {
            let text = self.text(id).unwrap_or_default().to_owned();
            self.fault(id, Trouble { code: FaultCode::LocalTime, args: vec![text] });
        }
        instant
    }

    /// The code of a value of a list; outside it a fault, or an extension where that is wanted.
    pub(super) fn code(&mut self, id: FieldId, kind: ListKind, lists: &mut CodeLists, extend: bool) -> Option<String> {
        let text = self.text(id)?;
        if let Some(at) = lists.find(kind, text) {
            return Some(lists.entries(kind)[at].code.clone());
        }
        if extend && kind.may_grow() {
            let (zh, _) = kind.names();
            self.fault(id, Trouble { code: FaultCode::Extended, args: vec![text.to_owned(), zh.to_owned()] });
            return Some(lists.extend(kind, text, self.record.row));
        }
        let told = lists.code(kind, text).map(str::to_owned);
        let field = self.names(id).1;
        let fixed = |trouble: Trouble| {
            let args = trouble.args.into_iter().chain([field.to_owned()]).collect();
            Trouble { code: if kind.may_grow() { trouble.code } else { FaultCode::NotInFixedList }, args }
        };
        self.checked(id, told.map_err(fixed))
    }

    /// The same for a field that must be there.
    pub(super) fn required_code(&mut self, id: FieldId, kind: ListKind, lists: &mut CodeLists, extend: bool) -> Option<String> {
        self.required(id)?;
        self.code(id, kind, lists, extend)
    }
}
