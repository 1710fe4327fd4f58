//! Our own functions on stated sizes. What needs a database says so and is left out without one.

#[expect(dead_code, reason = "measured by the bench against peers")]
mod mvt;
mod read_model;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let lines = runtime.block_on(read_model::run())?;
    std::io::Write::write_all(&mut std::io::stdout(), lines.as_bytes())?;
    Ok(())
}
