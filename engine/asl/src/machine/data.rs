//! How data passes through a state: selecting the input, making the arguments, shaping the result,
//! assigning variables. One order for both query languages; a state has the fields of its own only.

use std::{borrow::Cow, rc::Rc, sync::Arc};

use super::{
    Fault,
    context::{Extra, context},
    execution::{Execution, ThreadId, Visit},
};
use crate::{
    definition::{Catcher, QueryLanguage, ResultPath, Selector, State, StateType},
    error::StateError,
    json::{Json, Object},
    payload::Payload,
    query::{Context, Cost, Env, EvalError, Expression, Random, Template, Variables},
    time::Timestamp,
};

/// What the expressions of one visit can see, apart from the input at hand.
pub(super) struct Scene<'a> {
    variables: Cow<'a, Variables>,
    context: Context<'a>,
    now: Timestamp,
    cost: Rc<Cost>,
}

/// Variables with their new values, in the order of the `Assign` field.
pub(super) type Assigned = Vec<(Arc<str>, Payload)>;

impl<'a> Scene<'a> {
    pub(super) fn new(
        execution: &'a Execution,
        now: Timestamp,
        thread: ThreadId,
        visit: &'a Visit,
        kind: StateType,
        extra: Extra,
    ) -> Result<Self, Fault> {
        Ok(Self {
            now,
            cost: Rc::new(Cost::state()),
            variables: execution.visible_variables(thread)?,
            context: context(execution, thread, visit, kind, extra)?,
        })
    }

    /// Of a state that is tested by itself.
    /// All scenes of one test share their cost.
    pub(super) fn alone(
        now: Timestamp,
        variables: &'a Variables,
        context: Context<'a>,
        cost: Rc<Cost>,
    ) -> Self {
        Self {
            now,
            cost,
            variables: Cow::Borrowed(variables),
            context,
        }
    }

    pub(super) fn visible(&self) -> &Variables {
        &self.variables
    }

    pub(super) fn context_json(&self) -> Json {
        (*self.context).clone()
    }

    pub(super) fn env<'e>(&'e self, input: &'e Json, random: &'e mut dyn Random) -> Env<'e>
    where
        'a: 'e,
    {
        Env {
            input,
            result: None,
            error_output: None,
            context: &self.context,
            variables: &self.variables,
            now: self.now,
            cost: &self.cost,
            random,
        }
    }

    /// `InputPath` and `OutputPath`.
    pub(super) fn select(
        &self,
        selector: &Selector,
        data: &Payload,
        random: &mut dyn Random,
    ) -> Result<Payload, EvalError> {
        match selector {
            Selector::Whole => Ok(data.clone()),
            Selector::Nothing => Ok(Payload::from(Json::empty_object())),
            Selector::Path(path) => path
                .select(&self.env(data.json(), random))
                .map(Payload::from),
        }
    }

    /// `Parameters` or `Arguments`: the data itself where there is no such field.
    pub(super) fn arguments(
        &self,
        state: &State,
        input: &Payload,
        random: &mut dyn Random,
    ) -> Result<Payload, EvalError> {
        match &state.data.arguments {
            None => Ok(input.clone()),
            Some(template) => {
                let field = match state.language {
                    QueryLanguage::JsonPath => "Parameters",
                    QueryLanguage::Jsonata => "Arguments",
                };
                self.render(template, field, input.json(), random)
            }
        }
    }

    pub(super) fn render(
        &self,
        template: &Template,
        field: &str,
        input: &Json,
        random: &mut dyn Random,
    ) -> Result<Payload, EvalError> {
        template
            .render(&mut self.env(input, random), field)
            .map(Payload::from)
    }

    pub(super) fn evaluate(
        &self,
        expression: &Expression,
        input: &Json,
        random: &mut dyn Random,
    ) -> Result<Json, EvalError> {
        expression.evaluate(&mut self.env(input, random))
    }

    /// What leaves a state whose work gave `result`: its output and the variables that it assigns.
    /// Both are computed from the variables as they were.
    pub(super) fn outcome(
        &self,
        state: &State,
        visit: &Visit,
        result: &Payload,
        random: &mut dyn Random,
    ) -> Result<(Payload, Assigned), EvalError> {
        let data = &state.data;
        if state.language == QueryLanguage::Jsonata {
            let mut env = self.env(visit.input.json(), random);
            env.result = Some(result.json());
            let assigned = assigned(data.assign.as_ref(), &mut env)?;
            let output = match &data.output {
                Some(template) => Payload::from(template.render(&mut env, "Output")?),
                None => result.clone(),
            };
            return Ok((output, assigned));
        }
        let result = match &data.result_selector {
            Some(template) => self.render(template, "ResultSelector", result.json(), random)?,
            None => result.clone(),
        };
        let assigned = assigned(data.assign.as_ref(), &mut self.env(result.json(), random))?;
        let combined = combine(&data.result_path, &visit.input, &result)?;
        let output = self.select(&data.output_path, &combined, random)?;
        Ok((output, assigned))
    }

    /// What leaves a state that passes its input on: Choice, Wait, Succeed.
    pub(super) fn passed(
        &self,
        state: &State,
        input: &Payload,
        assign: Option<&Template>,
        output: Option<&Template>,
        random: &mut dyn Random,
    ) -> Result<(Payload, Assigned), EvalError> {
        let assigned = assigned(assign, &mut self.env(input.json(), random))?;
        let output = match output {
            Some(template) => self.render(template, "Output", input.json(), random)?,
            None => self.select(&state.data.output_path, input, random)?,
        };
        Ok((output, assigned))
    }

    /// What goes to a catcher's next state.
    pub(super) fn caught(
        &self,
        state: &State,
        visit: &Visit,
        catcher: &Catcher,
        error: &StateError,
        random: &mut dyn Random,
    ) -> Result<(Payload, Assigned), EvalError> {
        let error_output = Payload::from(error_output(error));
        if state.language == QueryLanguage::Jsonata {
            let mut env = self.env(visit.input.json(), random);
            env.error_output = Some(error_output.json());
            let assigned = assigned(catcher.assign.as_ref(), &mut env)?;
            let output = match &catcher.output {
                Some(template) => Payload::from(template.render(&mut env, "Output")?),
                None => error_output.clone(),
            };
            return Ok((output, assigned));
        }
        let mut env = self.env(error_output.json(), random);
        let assigned = assigned(catcher.assign.as_ref(), &mut env)?;
        let output = combine(&catcher.result_path, &visit.input, &error_output)?;
        Ok((output, assigned))
    }
}

/// `{"Error": …, "Cause": …}`, as catchers see a failure.
pub(super) fn error_output(error: &StateError) -> Json {
    let text =
        |text: &Option<Arc<str>>| Json::String(text.clone().unwrap_or_else(|| Arc::from("")));
    Json::members([("Error", text(&error.error)), ("Cause", text(&error.cause))])
}

/// `ResultPath`: the raw input with the result where the path says.
pub(super) fn combine(
    path: &ResultPath,
    raw: &Payload,
    result: &Payload,
) -> Result<Payload, EvalError> {
    match path {
        ResultPath::Replace => Ok(result.clone()),
        ResultPath::Discard => Ok(raw.clone()),
        ResultPath::At(path) => path
            .write(raw.json(), result.json().clone())
            .map(Payload::from),
    }
}

pub(super) fn assigned(
    template: Option<&Template>,
    env: &mut Env<'_>,
) -> Result<Assigned, EvalError> {
    let Some(template) = template else {
        return Ok(Vec::new());
    };
    let values = template.render(env, "Assign")?;
    let none = Object::new();
    let values = values.as_object().unwrap_or(&none);
    // A value that is a variable's or the input's as it stands stays that payload's value; only
    // computed ones cost a copy in the journal.
    Ok(values
        .iter()
        .map(|(name, value)| (Arc::clone(name), Payload::from(value.clone())))
        .collect())
}
