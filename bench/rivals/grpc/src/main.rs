//! gRPC: a tonic client, and a Python server by `grpcio` on this machine.
//!
//! `tcp`: over loopback; `unix`: over a Unix socket. `packed`: all numbers in one `repeated double`;
//! `each`: a message for each number, as in the article's service.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use harness::{Answer, Body, Caller, Result, Rival, Work};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};
use tonic::transport::{Channel, Endpoint, Uri};
use work::each_client::EachClient;
use work::packed_client::PackedClient;
use work::{Metric, Metrics, Numbers};

mod work {
    tonic::include_proto!("work");
}

struct Grpc {
    address: String,
    packed: bool,
    server: Child,
}

impl Grpc {
    fn start(packed: bool, unix: bool) -> Result<Grpc> {
        let folder = std::env::temp_dir();
        let socket = folder.join(format!("callpy-bench-{}", std::process::id()));
        let wanted = match unix {
            true => format!("unix:{}", socket.display()),
            false => "127.0.0.1:0".to_owned(),
        };
        let mut server = Command::new(std::env::var("CALLPY_PYTHON")?)
            .args([concat!(env!("CARGO_MANIFEST_DIR"), "/server.py"), &wanted])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut port = String::new();
        BufReader::new(server.stdout.take().ok_or("no stdout")?).read_line(&mut port)?;
        if port.is_empty() {
            return Err("the Python server ended".into());
        }
        let address = if unix { wanted } else { format!("http://127.0.0.1:{}", port.trim()) };
        Ok(Grpc { address, packed, server })
    }

    async fn connect(&self) -> Result<Channel> {
        let Some(path) = self.address.strip_prefix("unix:") else {
            let endpoint = Endpoint::from_shared(self.address.clone())?;
            return Ok(endpoint.http2_adaptive_window(true).connect().await?);
        };
        let path = path.to_owned();
        let connect = move |_: Uri| {
            let path = path.clone();
            async move { Ok::<_, std::io::Error>(TokioIo::new(UnixStream::connect(path).await?)) }
        };
        // The address is not used, since the connector has the path.
        let endpoint = Endpoint::from_static("http://localhost").http2_adaptive_window(true);
        Ok(endpoint.connect_with_connector(tower::service_fn(connect)).await?)
    }
}

impl Drop for Grpc {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Rival for Grpc {
    /// A connection for each thread, driven by that thread.
    fn session<B: Body>(&self, body: B) -> Result<B::Output> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let channel = runtime.block_on(self.connect())?;
        match self.packed {
            true => {
                let client = PackedClient::new(channel).max_decoding_message_size(usize::MAX);
                body.run(&mut Packed { runtime, client })
            }
            false => {
                let client = EachClient::new(channel).max_decoding_message_size(usize::MAX);
                body.run(&mut Each { runtime, client })
            }
        }
    }
}

struct Packed {
    runtime: Runtime,
    client: PackedClient<Channel>,
}

impl Caller for Packed {
    fn call(&mut self, work: Work, data: &[f64], look: impl FnOnce(Answer<'_>)) -> Result<()> {
        let Packed { runtime, client } = self;
        let request = Numbers { values: data.to_vec() };
        match work {
            Work::Nothing => {
                runtime.block_on(client.nothing(request))?;
                look(Answer::Nothing);
            }
            Work::Detect => {
                let indices = runtime.block_on(client.detect(request))?.into_inner().indices;
                look(Answer::Indices(&indices));
            }
            Work::Scaled => {
                let values = runtime.block_on(client.scaled(request))?.into_inner().values;
                look(Answer::Numbers(&values));
            }
        }
        Ok(())
    }

    /// In: the request, its bytes, the socket twice, the server's bytes, the field, the array.
    /// Out: the field, its bytes, the socket twice, the client's bytes, the field.
    fn copied(&mut self, _: Work, data: &[f64], answer: usize) -> Result<usize> {
        Ok(7 * size_of_val(data) + 6 * answer)
    }
}

struct Each {
    runtime: Runtime,
    client: EachClient<Channel>,
}

impl Caller for Each {
    fn call(&mut self, work: Work, data: &[f64], look: impl FnOnce(Answer<'_>)) -> Result<()> {
        let Each { runtime, client } = self;
        let metric = |(second, value): (usize, &f64)| Metric {
            time: Some(prost_types::Timestamp { seconds: 1_590_145_991 + second as i64, nanos: 0 }),
            name: "CPU".to_owned(),
            value: *value,
        };
        let request = Metrics { metrics: data.iter().enumerate().map(metric).collect() };
        match work {
            Work::Nothing => {
                runtime.block_on(client.nothing(request))?;
                look(Answer::Nothing);
            }
            Work::Detect => {
                let indices = runtime.block_on(client.detect(request))?.into_inner().indices;
                look(Answer::Indices(&indices));
            }
            Work::Scaled => {
                let metrics = runtime.block_on(client.scaled(request))?.into_inner().metrics;
                let values: Vec<f64> = metrics.iter().map(|metric| metric.value).collect();
                look(Answer::Numbers(&values));
            }
        }
        Ok(())
    }

    /// As for the packed form, but 26 bytes of message hold 8 of a number on the way there, and 11
    /// on the way back.
    fn copied(&mut self, work: Work, data: &[f64], answer: usize) -> Result<usize> {
        let back = if work == Work::Scaled { answer / 8 * 11 } else { answer };
        Ok(2 * size_of_val(data) + 5 * data.len() * 26 + answer + 5 * back)
    }
}

fn main() -> Result<()> {
    let options: Vec<String> = std::env::args().collect();
    let has = |option: &str| options.iter().any(|one| one == option);
    harness::serve(&Grpc::start(has("packed"), has("unix"))?)
}
