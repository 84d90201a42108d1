//! Workers that are ready before they are asked for, and those that compile.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use electrolint_policy::Level;
use electrolint_policy::policy::Policy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::nursery::{Forked, Nursery};
use super::{Engine, config_of};
use crate::proto::frames::{FromWorker, ToWorker};
use crate::worker::Config;

/// Kinds of limits for which workers are kept.
const MOST_KINDS: usize = 4;
/// Longest time that a source may take to be compiled.
const COMPILE: Duration = Duration::from_secs(10);

/// Workers that nobody has used: each is locked, has its context, and waits for its first frame.
#[derive(Default)]
pub(super) struct Pool(VecDeque<Kind>);

struct Kind {
    config: Config,
    waiting: Vec<(Arc<Nursery>, Forked)>,
    /// Workers that are being forked.
    coming: usize,
}

impl Pool {
    fn kind(&mut self, config: &Config) -> &mut Kind {
        let at = self.0.iter().position(|kind| kind.config == *config).unwrap_or_else(|| {
            if self.0.len() == MOST_KINDS {
                // Its workers end with their channels.
                self.0.pop_front();
            }
            self.0.push_back(Kind { config: config.clone(), waiting: Vec::new(), coming: 0 });
            self.0.len() - 1
        });
        &mut self.0[at]
    }
}

impl Engine {
    /// A worker of this zygote that is ready, if there is one; another one is made in its place.
    pub(super) fn ready_worker(&self, nursery: &Arc<Nursery>, config: &Config) -> Option<Forked> {
        if self.0.ready == 0 {
            return None;
        }
        let (found, wanted) = {
            let mut pool = self.0.pool.lock().unwrap_or_else(PoisonError::into_inner);
            let kind = pool.kind(config);
            kind.waiting.retain(|(of, forked)| Arc::ptr_eq(of, nursery) && of.is_alive() && forked.is_waiting());
            let found = kind.waiting.pop();
            let wanted = self.0.ready.saturating_sub(kind.waiting.len() + kind.coming);
            kind.coming += wanted;
            (found, wanted)
        };
        for _ in 0..wanted {
            // The engine may end meanwhile: then nothing is kept.
            let (engine, nursery, config) = (Arc::downgrade(&self.0), nursery.clone(), config.clone());
            tokio::spawn(async move {
                let forked = nursery.fork(config.clone(), &[]).await;
                let Some(inner) = engine.upgrade() else { return };
                let mut pool = inner.pool.lock().unwrap_or_else(PoisonError::into_inner);
                let kind = pool.kind(&config);
                kind.coming = kind.coming.saturating_sub(1);
                if let Ok(forked) = forked {
                    kind.waiting.push((nursery, forked));
                }
            });
        }
        found.map(|(_, forked)| forked)
    }

    /// The bytecode of a source that was compiled before. Of one that was not it is made beside, for the next time.
    pub(super) fn cached(&self, module: bool, name: &str, source: &str) -> Option<Arc<[u8]>> {
        let key = self.0.cache.key(module, name, source);
        let found = self.0.cache.get(&key);
        if found.is_none()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let (engine, name, source) = (Arc::downgrade(&self.0), name.to_owned(), source.to_owned());
            runtime.spawn(async move {
                let Some(inner) = engine.upgrade() else { return };
                let engine = Engine(inner);
                let compiled = tokio::time::timeout(COMPILE, engine.compile(module, name, source)).await;
                if let Ok(Some(code)) = compiled {
                    engine.0.cache.put(key, code);
                }
            });
        }
        found
    }

    /// Compiles in a worker of its own, which runs nothing. `None` when it does not compile, or not in time.
    async fn compile(&self, module: bool, name: String, source: String) -> Option<Vec<u8>> {
        let nursery = self.nursery(Level::Process).await.ok()?;
        let config = Config { compile: true, ..config_of(&Policy::minimal()) };
        let forked = nursery.fork(config, &[]).await.ok()?;
        let most = source.len().saturating_mul(16).saturating_add(64 << 10);
        let mut stream = super::live::stream(forked.channel).ok()?;
        stream.write_all(&ToWorker::Compile { name, module, source }.encode()).await.ok()?;
        let length = stream.read_u32_le().await.ok()? as usize;
        if length > most {
            return None;
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        match FromWorker::decode(&body) {
            Ok(FromWorker::Compiled { code }) => Some(code),
            _ => None,
        }
    }
}
