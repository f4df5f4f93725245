//! Every rule of who may call, against a router with the guard before it and a real database behind it.

mod api;
mod nobody;
mod pages;
mod site;
mod wire;
