package metrics

import (
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/trace"

	"github.com/pingone-gateway/gateway/internal/observe"
)

// Namespace starts every name.
const Namespace = "pingone_gateway"

// Config configures New.
type Config struct {
	// Version and Revision describe the build.
	Version, Revision string
	// NativeHistograms offers native histograms besides the classic buckets.
	NativeHistograms bool
	// Exemplars adds trace ids to histograms.
	Exemplars bool
}

// Metrics is a Sink that counts, and a handler that shows the counts. It is
// safe for concurrent use.
type Metrics struct {
	cfg         Config
	registry    *prometheus.Registry
	definitions []Definition
	guard       *guard

	frontEnd frontEndMetrics
	query    queryMetrics
	upstream upstreamMetrics
	token    tokenMetrics
	service  serviceMetrics
}

var _ observe.Sink = (*Metrics)(nil)

// New returns metrics with a registry of their own, which also holds Go's and
// the process's.
func New(cfg Config) *Metrics {
	m := &Metrics{cfg: cfg, registry: prometheus.NewRegistry(), guard: newGuard(200)}
	m.frontEnd = newFrontEndMetrics(m)
	m.query = newQueryMetrics(m)
	m.upstream = newUpstreamMetrics(m)
	m.token = newTokenMetrics(m)
	m.service = newServiceMetrics(m)
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	build := m.gauge("build_info", "", "Always 1; the labels describe the build.", "version", "revision", "go_version")
	build.WithLabelValues(cfg.Version, cfg.Revision, runtime.Version()).Set(1)
	return m
}

// Registry returns the registry, for collectors of other packages.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

// Handler serves the metrics in the format that the scraper prefers.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		Timeout:           10 * time.Second,
		Registry:          m.registry,
	})
}

// Definition describes one metric family.
type Definition struct {
	Name   string
	Type   string // counter, gauge, histogram
	Unit   string // as in the name; "" for counts
	Labels []string
	Help   string
}

// Definitions returns the gateway's own metrics, in the order of the
// documentation.
func (m *Metrics) Definitions() []Definition {
	return append([]Definition(nil), m.definitions...)
}

func (m *Metrics) define(kind, name, unit, help string, labels []string) string {
	full := Namespace + "_" + name
	m.definitions = append(m.definitions, Definition{Name: full, Type: kind, Unit: unit, Labels: labels, Help: help})
	return full
}

func (m *Metrics) counter(name, unit, help string, labels ...string) *prometheus.CounterVec {
	full := m.define("counter", name, unit, help, labels)
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: full, Help: help}, labels)
	m.registry.MustRegister(v)
	return v
}

func (m *Metrics) gauge(name, unit, help string, labels ...string) *prometheus.GaugeVec {
	full := m.define("gauge", name, unit, help, labels)
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: full, Help: help}, labels)
	m.registry.MustRegister(v)
	return v
}

// Buckets for requests and calls, in seconds, and for counts.
var (
	secondsBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}
	countBuckets   = []float64{0, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000, 10000, 50000}
)

func (m *Metrics) histogram(name, unit, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	full := m.define("histogram", name, unit, help, labels)
	opts := prometheus.HistogramOpts{Name: full, Help: help, Buckets: buckets}
	if m.cfg.NativeHistograms {
		opts.NativeHistogramBucketFactor = 1.1
		opts.NativeHistogramMaxBucketNumber = 100
		opts.NativeHistogramMinResetDuration = time.Hour
	}
	v := prometheus.NewHistogramVec(opts, labels)
	m.registry.MustRegister(v)
	return v
}

// record observes a value, with the trace id if the trace is recorded.
func (m *Metrics) record(o prometheus.Observer, value float64, span trace.SpanContext) {
	if e, ok := o.(prometheus.ExemplarObserver); ok && span.IsSampled() {
		e.ObserveWithExemplar(value, prometheus.Labels{"trace_id": span.TraceID().String()})
		return
	}
	o.Observe(value)
}
