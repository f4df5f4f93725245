//! Registering functions and connections behind the guard, over a real database, and calling them.

mod connections;
mod evaluate;
mod functions;
mod machines;
mod map_runs;
mod site;
mod stream;
mod test_state;
