// A fixed 1024³ product, C[m][n] = Σ_k A[k][m] B[k][n]: vec4 loads straight from storage, 16 × 16 results a thread,
// 8 lanes, no workgroup memory. What a good plain kernel reaches on a driver that computes on the CPU.
const N: u32 = 1024u;
const ROW: u32 = 256u;

@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4<f32>>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let m = group.y * 4u;
    let n = (group.x * 8u + lane) * 4u;
    var sum: array<array<array<vec4<f32>, 4>, 4>, 4>;
    for (var k = 0u; k < N; k++) {
        var values: array<vec4<f32>, 4>;
        for (var s = 0u; s < 4u; s++) {
            values[s] = b[k * ROW + n + s];
        }
        for (var t = 0u; t < 4u; t++) {
            let factor = a[k * ROW + m + t];
            for (var s = 0u; s < 4u; s++) {
                sum[t][0][s] += factor.x * values[s];
                sum[t][1][s] += factor.y * values[s];
                sum[t][2][s] += factor.z * values[s];
                sum[t][3][s] += factor.w * values[s];
            }
        }
    }
    for (var t = 0u; t < 4u; t++) {
        for (var r = 0u; r < 4u; r++) {
            for (var s = 0u; s < 4u; s++) {
                c[((m + t) * 4u + r) * ROW + n + s] = sum[t][r][s];
            }
        }
    }
}
