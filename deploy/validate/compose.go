package main

import (
	"context"

	"github.com/compose-spec/compose-go/v2/cli"
)

// loadCompose reads the file as Docker Compose does: interpolation, the schema of the specification, and references
// between services, networks, volumes and secrets.
func loadCompose(ctx context.Context, file string) (any, error) {
	options, err := cli.NewProjectOptions(
		[]string{file},
		cli.WithOsEnv,
		cli.WithDotEnv,
		cli.WithInterpolation(true),
		cli.WithResolvedPaths(false),
	)
	if err != nil {
		return nil, err
	}
	return options.LoadProject(ctx)
}
