//! The attacker: linear programming over everything that was learnt.
//!
//! Unknown numbers are variables from 0 on; a fact is a weighted sum of some that lies between two bounds. Variables that
//! stand in the same facts with the same weights are one to the solver, and facts that share no variable with the question
//! are left out: both change no answer.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use good_lp::{Expression, ProblemVariables, Solution as _, SolverModel as _, constraint, microlp, variable};

/// What was learnt: `least` ≤ Σ weight × variable ≤ `most`.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) terms: Vec<(usize, f64)>,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Fact {
    /// A plain sum that is known.
    pub(crate) fn equals(variables: impl IntoIterator<Item = usize>, value: f64) -> Self {
        Self { terms: variables.into_iter().map(|variable| (variable, 1.0)).collect(), least: value, most: value }
    }

    /// A plain sum between two bounds.
    pub(crate) fn between(variables: impl IntoIterator<Item = usize>, least: f64, most: f64) -> Self {
        Self { least, most, ..Self::equals(variables, 0.0) }
    }
}

/// Everything learnt, ready to be asked.
#[derive(Debug)]
pub(crate) struct Attacker {
    facts: Vec<Fact>,
    /// The class of each variable.
    class: Vec<usize>,
    /// How many variables each class has.
    size: Vec<usize>,
    /// Facts and weights of each class.
    columns: Vec<Vec<(usize, f64)>>,
    /// The part of the whole each class lies in; facts connect.
    part: Vec<usize>,
    /// Answers so far: of the least, and of the greatest, of a set of classes.
    answers: RefCell<BTreeMap<(Vec<usize>, bool), f64>>,
}

impl Attacker {
    pub(crate) fn new(variables: usize, mut facts: Vec<Fact>) -> Self {
        // learnt twice is learnt once
        let mut met = BTreeSet::new();
        facts.retain(|fact| met.insert(format!("{fact:?}")));
        let mut columns: Vec<Vec<(usize, u64)>> = vec![Vec::new(); variables];
        for (number, fact) in facts.iter().enumerate() {
            for &(variable, weight) in &fact.terms {
                columns[variable].push((number, weight.to_bits()));
            }
        }
        let mut known: BTreeMap<Vec<(usize, u64)>, usize> = BTreeMap::new();
        let class: Vec<usize> = columns
            .into_iter()
            .map(|column| {
                let next = known.len();
                *known.entry(column).or_insert(next)
            })
            .collect();
        let mut size = vec![0; known.len()];
        for &class in &class {
            size[class] += 1;
        }
        let mut columns = vec![Vec::new(); known.len()];
        for (column, class) in known {
            columns[class] = column.into_iter().map(|(fact, weight)| (fact, f64::from_bits(weight))).collect();
        }
        let part = parts(&columns, facts.len());
        Self { facts, class, size, columns, part, answers: RefCell::default() }
    }

    /// Least and greatest value of a sum of variables; the greatest may be endless.
    pub(crate) fn bounds(&self, wanted: &[usize]) -> (f64, f64) {
        let mut hit: BTreeMap<usize, usize> = BTreeMap::new();
        for &variable in wanted {
            *hit.entry(self.class[variable]).or_default() += 1;
        }
        let whole: Vec<usize> = hit.iter().filter(|(class, count)| self.size[**class] == **count).map(|(class, _)| *class).collect();
        let any: Vec<usize> = hit.keys().copied().collect();
        let most = if any.iter().any(|&class| self.columns[class].is_empty()) { f64::INFINITY } else { -self.least(&any, -1.0) };
        (self.least(&whole, 1.0), most)
    }

    /// The least of `sign` × the sum of the classes.
    fn least(&self, wanted: &[usize], sign: f64) -> f64 {
        let bound: Vec<usize> = wanted.iter().copied().filter(|&class| !self.columns[class].is_empty()).collect();
        if bound.is_empty() {
            return 0.0;
        }
        let question = (bound.clone(), sign > 0.0);
        if let Some(&answer) = self.answers.borrow().get(&question) {
            return answer;
        }
        let answer = self.solve(&bound, sign);
        self.answers.borrow_mut().insert(question, answer);
        answer
    }

    fn solve(&self, bound: &[usize], sign: f64) -> f64 {
        let near: Vec<usize> = (0..self.columns.len()).filter(|&class| bound.iter().any(|&wanted| self.part[class] == self.part[wanted])).collect();
        let mut variables = ProblemVariables::new();
        let at: BTreeMap<usize, _> = near.iter().map(|&class| (class, variables.add(variable().min(0.0)))).collect();
        let objective: Expression = bound.iter().map(|class| sign * at[class]).sum();
        let mut sums: BTreeMap<usize, Expression> = BTreeMap::new();
        for &class in &near {
            for &(fact, weight) in &self.columns[class] {
                *sums.entry(fact).or_default() += weight * at[&class];
            }
        }
        let mut model = variables.minimise(objective.clone()).using(microlp);
        for (number, sum) in sums {
            let Fact { least, most, .. } = self.facts[number];
            if (most - least).abs() < 1e-12 {
                model = model.with(constraint!(sum == least));
                continue;
            }
            if most.is_finite() {
                model = model.with(constraint!(sum.clone() <= most));
            }
            if least.is_finite() {
                model = model.with(constraint!(sum >= least));
            }
        }
        match model.solve() {
            Ok(solution) => solution.eval(&objective),
            Err(good_lp::ResolutionError::Unbounded) => f64::NEG_INFINITY,
            Err(error) => panic!("the facts contradict one another or the solver failed: {error}"),
        }
    }

    /// Whether the attacker knows a number to fewer than `width` between the least and the greatest it can be.
    pub(crate) fn narrows(&self, wanted: &[usize], width: u32) -> bool {
        let (least, most) = self.bounds(wanted);
        (most + 1e-6).floor() - (least - 1e-6).ceil() < f64::from(width)
    }
}

/// Numbers the parts of the whole that no fact connects.
fn parts(columns: &[Vec<(usize, f64)>], facts: usize) -> Vec<usize> {
    let mut part: Vec<usize> = (0..columns.len()).collect();
    let mut first: Vec<Option<usize>> = vec![None; facts];
    for (class, column) in columns.iter().enumerate() {
        for &(fact, _) in column {
            match first[fact] {
                Some(other) => {
                    let (a, b) = (root(&mut part, class), root(&mut part, other));
                    part[a] = b;
                }
                None => first[fact] = Some(class),
            }
        }
    }
    (0..columns.len()).map(|class| root(&mut part, class)).collect()
}

fn root(part: &mut [usize], mut at: usize) -> usize {
    while part[at] != at {
        part[at] = part[part[at]];
        at = part[at];
    }
    at
}

#[test]
fn the_attacker_solves_what_a_person_would() {
    // a + b = 7, b + c = 5, c ≤ 2: b is 3 to 5, a 2 to 4; d stands in no fact
    let facts = vec![Fact::equals([0, 1], 7.0), Fact::equals([1, 2], 5.0), Fact::between([2], 0.0, 2.0)];
    let attacker = Attacker::new(4, facts);
    let rounded = |wanted: &[usize]| {
        let (least, most) = attacker.bounds(wanted);
        (least.round(), most.round())
    };
    assert_eq!((rounded(&[1]), rounded(&[0]), rounded(&[0, 1])), ((3.0, 5.0), (2.0, 4.0), (7.0, 7.0)));
    assert_eq!(attacker.bounds(&[3]), (0.0, f64::INFINITY));
    assert!(attacker.narrows(&[0], 3) && !attacker.narrows(&[0], 2));
}
