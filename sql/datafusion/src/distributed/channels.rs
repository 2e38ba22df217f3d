//! Connections to workers, by which a worker that stops answering is noticed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use datafusion::error::{DataFusionError, Result};
use datafusion_distributed::grpc::{BoxCloneSyncChannel, create_worker_client};
use datafusion_distributed::{ChannelResolver, WorkerChannel};
use tonic::transport::Channel;
use url::Url;

use crate::error::wrong;

/// Connections that are made when they are needed, and again after they broke.
///
/// datafusion-distributed's own have no keep-alive: a query on a machine that is stopped would wait for ever.
#[derive(Debug, Clone)]
pub(crate) struct Channels {
    patience: Duration,
    open: Arc<Mutex<HashMap<Url, Channel>>>,
}

/// The windows of HTTP/2: gRPC's own of 64 KiB would wait for an answer after each of them.
pub(crate) const STREAM_WINDOW: u32 = 4 << 20;
pub(crate) const CONNECTION_WINDOW: u32 = 16 << 20;

impl Channels {
    /// Makes connections that break after a machine has not answered for this time.
    pub(crate) fn new(patience: Duration) -> Channels {
        Channels { patience, open: Arc::default() }
    }

    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    fn channel(&self, url: &Url) -> Result<Channel> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = open.get(url) {
            return Ok(channel.clone());
        }
        let endpoint = Channel::from_shared(url.to_string())
            .map_err(|error| wrong(url.as_str(), error.to_string()))?
            .connect_timeout(self.patience)
            .tcp_nodelay(true)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_keep_alive_interval(self.patience / 2)
            .keep_alive_timeout(self.patience / 2)
            .keep_alive_while_idle(true);
        Ok(open.entry(url.clone()).or_insert_with(|| endpoint.connect_lazy()).clone())
    }
}

#[async_trait]
impl ChannelResolver for Channels {
    async fn get_worker_client_for_url(
        &self,
        url: &Url,
    ) -> Result<Box<dyn WorkerChannel>, DataFusionError> {
        Ok(create_worker_client(BoxCloneSyncChannel::new(self.channel(url)?)))
    }
}
