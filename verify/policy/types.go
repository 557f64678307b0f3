package policy

import "go.yaml.in/yaml/v3"

// The groups, versions and kinds of the objects that a file may hold.
const (
	group             = "policy.sigstore.dev"
	kindImagePolicy   = "ClusterImagePolicy"
	kindTrustRoot     = "TrustRoot"
	versionBeta       = group + "/v1beta1"
	versionAlpha      = group + "/v1alpha1"
	annotationRequire = "wpk.dev/require"
	annotationRoot    = "wpk.dev/trusted-root"
)

// object is what all objects of Kubernetes begin with.
type object struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	// Status is what a cluster has written; a file that was read back from one has it.
	Status yaml.Node `yaml:"status"`
}

// metadata has the fields of ObjectMeta that a person writes, and those that a cluster adds.
type metadata struct {
	Name              string            `yaml:"name"`
	Labels            map[string]string `yaml:"labels"`
	Annotations       map[string]string `yaml:"annotations"`
	UID               yaml.Node         `yaml:"uid"`
	ResourceVersion   yaml.Node         `yaml:"resourceVersion"`
	Generation        yaml.Node         `yaml:"generation"`
	CreationTimestamp yaml.Node         `yaml:"creationTimestamp"`
	DeletionTimestamp yaml.Node         `yaml:"deletionTimestamp"`
	ManagedFields     yaml.Node         `yaml:"managedFields"`
	OwnerReferences   yaml.Node         `yaml:"ownerReferences"`
	Finalizers        yaml.Node         `yaml:"finalizers"`
}

// imagePolicy is a ClusterImagePolicy. v1alpha1 and v1beta1 have the same fields:
// https://github.com/sigstore/policy-controller/blob/main/docs/api-types/index.md
type imagePolicy struct {
	object `yaml:",inline"`
	Spec   imagePolicySpec `yaml:"spec"`
}

type imagePolicySpec struct {
	Images      []imagePattern  `yaml:"images"`
	Authorities []authority     `yaml:"authorities"`
	Policy      *language       `yaml:"policy"`
	Mode        string          `yaml:"mode"`
	Match       []matchResource `yaml:"match"`
}

type imagePattern struct {
	Glob string `yaml:"glob"`
}

type matchResource struct {
	Group    string    `yaml:"group"`
	Version  string    `yaml:"version"`
	Resource string    `yaml:"resource"`
	Selector yaml.Node `yaml:"selector"`
}

type authority struct {
	Name             string        `yaml:"name"`
	Key              *keyRef       `yaml:"key"`
	Keyless          *keyless      `yaml:"keyless"`
	Static           *static       `yaml:"static"`
	Source           []source      `yaml:"source"`
	CTLog            *logRef       `yaml:"ctlog"`
	Attestations     []attestation `yaml:"attestations"`
	RFC3161Timestamp *timestampRef `yaml:"rfc3161timestamp"`
	SignatureFormat  string        `yaml:"signatureFormat"`
}

type keyRef struct {
	SecretRef     *secretRef `yaml:"secretRef"`
	Data          string     `yaml:"data"`
	KMS           string     `yaml:"kms"`
	HashAlgorithm string     `yaml:"hashAlgorithm"`
}

type secretRef struct {
	Name      string `yaml:"name"`
	Namespace string `yaml:"namespace"`
}

type keyless struct {
	URL               string     `yaml:"url"`
	Identities        []identity `yaml:"identities"`
	CACert            *keyRef    `yaml:"ca-cert"`
	TrustRootRef      string     `yaml:"trustRootRef"`
	InsecureIgnoreSCT *bool      `yaml:"insecureIgnoreSCT"`
}

type identity struct {
	Issuer        string `yaml:"issuer"`
	Subject       string `yaml:"subject"`
	IssuerRegExp  string `yaml:"issuerRegExp"`
	SubjectRegExp string `yaml:"subjectRegExp"`
}

type static struct {
	Action  string `yaml:"action"`
	Message string `yaml:"message"`
}

type source struct {
	OCI                  string      `yaml:"oci"`
	TagPrefix            *string     `yaml:"tagPrefix"`
	SignaturePullSecrets []secretRef `yaml:"signaturePullSecrets"`
}

type logRef struct {
	URL          string `yaml:"url"`
	TrustRootRef string `yaml:"trustRootRef"`
}

type timestampRef struct {
	TrustRootRef string `yaml:"trustRootRef"`
}

type attestation struct {
	Name          string    `yaml:"name"`
	PredicateType string    `yaml:"predicateType"`
	Policy        *language `yaml:"policy"`
}

// language is a policy in CUE or Rego.
type language struct {
	Type              string        `yaml:"type"`
	Data              string        `yaml:"data"`
	Remote            *remotePolicy `yaml:"remote"`
	ConfigMapRef      *configMapRef `yaml:"configMapRef"`
	FetchConfigFile   *bool         `yaml:"fetchConfigFile"`
	IncludeSpec       *bool         `yaml:"includeSpec"`
	IncludeObjectMeta *bool         `yaml:"includeObjectMeta"`
	IncludeTypeMeta   *bool         `yaml:"includeTypeMeta"`
}

type remotePolicy struct {
	URL       string `yaml:"url"`
	SHA256Sum string `yaml:"sha256sum"`
}

type configMapRef struct {
	Name      string `yaml:"name"`
	Namespace string `yaml:"namespace"`
	Key       string `yaml:"key"`
}

// trustRoot is a TrustRoot of v1alpha1, the only version that there is.
type trustRoot struct {
	object `yaml:",inline"`
	Spec   trustRootSpec `yaml:"spec"`
}

type trustRootSpec struct {
	Remote       *tufRemote     `yaml:"remote"`
	Repository   *tufRepository `yaml:"repository"`
	SigstoreKeys *sigstoreKeys  `yaml:"sigstoreKeys"`
}

type tufRemote struct {
	Root              string `yaml:"root"`
	Mirror            string `yaml:"mirror"`
	Targets           string `yaml:"targets"`
	TrustedRootTarget string `yaml:"trustedRootTarget"`
}

type tufRepository struct {
	Root              string `yaml:"root"`
	MirrorFS          string `yaml:"mirrorFS"`
	Targets           string `yaml:"targets"`
	TrustedRootTarget string `yaml:"trustedRootTarget"`
}

type sigstoreKeys struct {
	CertificateAuthorities []certificateAuthority `yaml:"certificateAuthorities"`
	TLogs                  []transparencyLog      `yaml:"tLogs"`
	CTLogs                 []transparencyLog      `yaml:"ctLogs"`
	TimestampAuthorities   []certificateAuthority `yaml:"timestampAuthorities"`
}

type certificateAuthority struct {
	Subject   distinguishedName `yaml:"subject"`
	URI       string            `yaml:"uri"`
	CertChain string            `yaml:"certChain"`
}

type distinguishedName struct {
	Organization string `yaml:"organization"`
	CommonName   string `yaml:"commonName"`
}

type transparencyLog struct {
	BaseURL       string `yaml:"baseURL"`
	HashAlgorithm string `yaml:"hashAlgorithm"`
	PublicKey     string `yaml:"publicKey"`
}
