// Ceiling of arithmetic: independent multiply-adds on registers, no memory in the loop.
const LANES: u32 = 64u;
const CHAINS: u32 = 16u;

@group(0) @binding(0) var<storage, read> seeds: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let factor = seeds[0];
    var sums: array<vec4<f32>, CHAINS>;
    for (var k = 0u; k < CHAINS; k++) {
        sums[k] = seeds[k];
    }
    for (var turn = 0u; turn < 1024u; turn++) {
        for (var k = 0u; k < CHAINS; k++) {
            sums[k] = sums[k] * factor + factor;
        }
    }
    var total = vec4(0.0);
    for (var k = 0u; k < CHAINS; k++) {
        total += sums[k];
    }
    out[id.x] = total;
}
