package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	api "k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/core/serviceaccount"
	"k8s.io/kubernetes/pkg/registry/networking/ingress"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget"
	podsecurity "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
)

// strategies are the API server's own rules for a new object of each kind. A kind that is not here is refused.
var strategies = map[schema.GroupVersionKind]rest.RESTCreateStrategy{
	{Group: "apps", Version: "v1", Kind: "StatefulSet"}:                statefulset.Strategy,
	{Group: "", Version: "v1", Kind: "ConfigMap"}:                      configmap.Strategy,
	{Group: "", Version: "v1", Kind: "Pod"}:                            pod.Strategy,
	{Group: "", Version: "v1", Kind: "Service"}:                        service.Strategy,
	{Group: "", Version: "v1", Kind: "ServiceAccount"}:                 serviceaccount.Strategy,
	{Group: "networking.k8s.io", Version: "v1", Kind: "Ingress"}:       ingress.Strategy,
	{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy"}: networkpolicy.Strategy,
	{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"}:      poddisruptionbudget.Strategy,
}

// namespace stands for whichever one the objects will be created in.
const namespace = "default"

// admitAll answers the objects of a stream of YAML documents with the API server's defaults filled in. The error joins
// whatever is wrong with any of them: unknown or repeated fields, values that the API server refuses, its warnings,
// and whatever Pod Security's restricted level forbids.
func admitAll(ctx context.Context, stream io.Reader) (any, error) {
	documents := yaml.NewYAMLReader(bufio.NewReader(stream))
	admitted := []runtime.Object{}
	var wrong error
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		object, err := admit(ctx, document)
		if err != nil {
			wrong = errors.Join(wrong, err)
		} else if object != nil {
			admitted = append(admitted, object)
		}
	}
	if wrong == nil && len(admitted) == 0 {
		return nil, errors.New("there is no object to look at")
	}
	return admitted, wrong
}

// admit answers nil for a document that holds nothing but comments.
func admit(ctx context.Context, document []byte) (runtime.Object, error) {
	var anything map[string]any
	if err := yaml.Unmarshal(document, &anything); err != nil {
		return nil, err
	}
	if len(anything) == 0 {
		return nil, nil
	}
	strict := serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	name := fmt.Sprint(anything["kind"], " ", nameOf(anything))
	external, kind, err := strict.Decode(document, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	legacyscheme.Scheme.Default(external)
	if err := create(ctx, external, *kind); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := restricted(external); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return external, nil
}

func nameOf(object map[string]any) any {
	metadata, _ := object["metadata"].(map[string]any)
	return metadata["name"]
}

// create does what the API server does with a POST, up to the point where it would store the object.
func create(ctx context.Context, external runtime.Object, kind schema.GroupVersionKind) error {
	strategy, known := strategies[kind]
	if !known {
		return errors.New("this kind is not looked at: add its strategy to deploy/validate/kubernetes.go")
	}
	internal, err := legacyscheme.Scheme.ConvertToVersion(external.DeepCopyObject(), schema.GroupVersion{
		Group: kind.Group, Version: runtime.APIVersionInternal,
	})
	if err != nil {
		return err
	}
	if service, is := internal.(*api.Service); is && service.Spec.ClusterIP != "" {
		service.Spec.ClusterIPs = []string{service.Spec.ClusterIP} // as the API server's storage does before it checks
	}
	accessor, err := meta.Accessor(internal)
	if err != nil {
		return err
	}
	if accessor.GetNamespace() == "" {
		accessor.SetNamespace(namespace)
	}
	rest.FillObjectMetaSystemFields(accessor)
	ctx = request.WithNamespace(ctx, accessor.GetNamespace())
	ctx = request.WithRequestInfo(ctx, &request.RequestInfo{
		APIGroup: kind.Group, APIVersion: kind.Version, Verb: "create", IsResourceRequest: true,
	})
	if err := rest.BeforeCreate(strategy, ctx, internal); err != nil {
		return err
	}
	var wrong error
	for _, warning := range strategy.WarningsOnCreate(ctx, internal) {
		wrong = errors.Join(wrong, fmt.Errorf("warning: %s", warning))
	}
	return wrong
}

// restricted holds pods against the strictest of the Pod Security Standards.
func restricted(object runtime.Object) error {
	var metadata *metav1.ObjectMeta
	var spec *core.PodSpec
	switch typed := object.(type) {
	case *apps.StatefulSet:
		metadata, spec = &typed.Spec.Template.ObjectMeta, &typed.Spec.Template.Spec
	case *core.Pod:
		metadata, spec = &typed.ObjectMeta, &typed.Spec
	default:
		return nil
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	level := podsecurity.LevelVersion{Level: podsecurity.LevelRestricted, Version: podsecurity.LatestVersion()}
	var wrong error
	for _, check := range evaluator.EvaluatePod(level, metadata, spec) {
		if !check.Allowed {
			wrong = errors.Join(wrong, fmt.Errorf("pod security: %s (%s)", check.ForbiddenReason, check.ForbiddenDetail))
		}
	}
	return wrong
}
