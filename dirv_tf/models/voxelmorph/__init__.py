"""The U-Net of VoxelMorph."""
